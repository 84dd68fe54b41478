import Foundation
import Optimization
import Support
import TestSupport
import Testing

@Suite struct AdamWTests {
  struct Golden: Decodable {
    let start: [Float]
    let gradients: [[Float]]
    let rates: [Double]
    let end: [Float]
    let clip: Double
  }

  static func golden() throws -> Golden {
    let file = Repository.root.appending(path: "Tests/OptimizationTests/Golden/adamw.json")
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
  }

  @Test("Twenty clipped steps under the cosine schedule end where PyTorch's AdamW ends")
  func agreesWithPyTorch() throws {
    let golden = try Self.golden()
    let schedule = CosineSchedule(peak: 3e-3, steps: 20, warmup: 0.2)
    var optimizer = AdamW(parameters: golden.start, weightDecay: 0.05)
    for (step, gradient) in golden.gradients.enumerated() {
      #expect(abs(schedule.rate(step: step) - golden.rates[step]) < 1e-12)
      let factor = Clipping.factor(gradient: FloatBuffer(gradient), scale: 1, limit: golden.clip)
      try optimizer.apply(gradientSum: FloatBuffer(gradient), scale: factor, rate: schedule.rate(step: step))
    }
    for (found, expected) in zip(optimizer.parameters, golden.end) { #expect(abs(found - expected) < 1e-6) }
  }

  @Test("However the elements are spread over loops, the parameters have the same bits")
  func spreadLoops() throws {
    func run(_ loop: ElementLoop) throws -> AdamW {
      var optimizer = AdamW(parameters: (0..<61).map { Float($0).squareRoot() - 3 }, weightDecay: 0.1)
      for step in 1...5 {
        let gradient = FloatBuffer((0..<61).map { Float(($0 * 37 + step * 11) % 23) / 7 - 1 })
        try optimizer.apply(gradientSum: gradient, scale: 0.3, rate: 1e-2, in: loop)
      }
      return optimizer
    }
    let whole = try run(.serial)
    let singly = try run(ElementLoop { count, body in for index in 0..<count { body(index..<index + 1) } })
    let pieces = try run(
      ElementLoop { count, body in
        for start in stride(from: 0, to: count, by: 13) { body(start..<min(count, start + 13)) }
      })
    #expect(whole == singly && whole == pieces)
  }

  @Test("A gradient of another length is refused and changes nothing")
  func refusesAnotherLength() throws {
    var optimizer = AdamW(parameters: [1, 2], weightDecay: 0)
    let before = optimizer
    #expect(throws: OptimizationError.wrongLength(expected: 2, found: 1)) {
      try optimizer.apply(gradientSum: [1], scale: 1, rate: 0.1)
    }
    #expect(optimizer == before)
  }
}
