import Statistics
import Support
import Testing

/// Whether a run was trained to its best, from the loss of its validation items.
@Suite struct ValidationCurveTests {
  /// Ten points of 100 steps.
  private func curve(_ losses: [Double]) -> ValidationCurve {
    ValidationCurve(losses.enumerated().map { .init(step: 10 * ($0 + 1), loss: $1) })
  }

  @Test("A loss that falls by as much in every tenth is still falling: the last fifth brings two ninths of the fall")
  func steadyFall() throws {
    let fall = try #require(curve((1...10).map { 1 - 0.05 * Double($0) }).lateFall.value)
    #expect(fall.stillFalling)
    #expect(abs(fall.whole - 0.45) < 1e-12 && abs(fall.lastFifth - 0.1) < 1e-12)
    #expect(abs(try #require(fall.share) - 2.0 / 9) < 1e-12)
  }

  @Test("A loss that has come near to where it goes is not still falling", arguments: [0.5, 0.2, 0.05])
  func converged(rest: Double) throws {
    // What is left of the fall shrinks by the factor 1/2 with every tenth.
    let losses = (1...10).map { rest + 0.5 * pow(0.5, $0) }
    #expect(try #require(curve(losses).lateFall.value).stillFalling == false)
  }

  private func pow(_ base: Double, _ exponent: Int) -> Double { (0..<exponent).reduce(1) { value, _ in value * base } }

  @Test("A flat loss with noise is not still falling, whatever the last fifth brought of so small a fall")
  func flat() throws {
    var generator = RandomKey(seed: 3)["flat"].generator
    for _ in 0..<500 {
      let losses = (1...10).map { _ in 0.69 + 0.001 * (generator.uniform() - 0.5) }
      #expect(try #require(curve(losses).lateFall.value).stillFalling == false)
    }
  }

  @Test("A fall with as much noise as the last fifth brings is found all the same in most of five seeds")
  func noisyFall() throws {
    var generator = RandomKey(seed: 4)["fall"].generator
    var found = 0
    for _ in 0..<200 {
      let falls = (0..<5).map { _ in
        curve((1...10).map { 1 - 0.05 * Double($0) + 0.05 * (generator.uniform() - 0.5) }).lateFall
      }
      if ValidationCurve.stillFalling(falls) == .value(true) { found += 1 }
    }
    #expect(found == 200)
  }

  @Test("A loss that rises, at the end or altogether, is not still falling")
  func rising() throws {
    let overfitted = curve([0.7, 0.5, 0.4, 0.35, 0.33, 0.34, 0.36, 0.38, 0.4, 0.42])
    #expect(try #require(overfitted.lateFall.value).stillFalling == false)
    let worse = try #require(curve([0.7, 0.9, 1.1, 1.3, 1.5, 1.5, 1.5, 1.5, 1.4, 1.2]).lateFall.value)
    #expect(!worse.stillFalling && worse.share == nil && worse.whole < 0 && worse.lastFifth > 0)
  }

  @Test("The last fifth begins at the last point before it where steps cannot be divided by ten")
  func fewSteps() throws {
    let curve = ValidationCurve(
      [(1, 1.0), (2, 0.9), (4, 0.8), (5, 0.7), (7, 0.5)].map { .init(step: $0, loss: $1) })
    let fall = try #require(curve.lateFall.value)
    #expect(fall.whole == 0.5 && fall.lastFifth == 0.7 - 0.5 && fall.stillFalling)
  }

  @Test("With fewer than five points nothing can be said, and neither where a loss is not finite")
  func undefined() {
    for count in 0..<5 {
      guard case .undefined(let reason, count) = curve(Array(repeating: 1, count: count)).lateFall else {
        Issue.record("\(count) points say something")
        continue
      }
      #expect(reason.contains(count == 0 ? "not measured" : "5 points"))
    }
    #expect(curve([1, 1, 1, 1, .infinity]).lateFall.value == nil)
  }

  @Test("An arm was still improving if most of the runs that can say so were; one run speaks for itself")
  func seeds() {
    let (falling, flat) = (
      curve((1...10).map { 2 - 0.1 * Double($0) }).lateFall, curve([1] + Array(repeating: 0.5, count: 9)).lateFall
    )
    let unknown = curve([1]).lateFall
    #expect(ValidationCurve.stillFalling([falling]) == .value(true))
    #expect(ValidationCurve.stillFalling([flat]) == .value(false))
    #expect(ValidationCurve.stillFalling([falling, flat]) == .value(false))
    #expect(ValidationCurve.stillFalling([falling, flat, falling]) == .value(true))
    #expect(ValidationCurve.stillFalling([unknown, falling]) == .value(true))
    #expect(
      ValidationCurve.stillFalling([unknown, unknown])
        == .undefined(reason: "training was too short: 5 points of its validation loss are needed", n: 1))
    #expect(ValidationCurve.stillFalling([]).value == nil)
  }
}
