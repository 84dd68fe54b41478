import ExternalEvaluation
import Foundation
import Metrics
import Statistics
import Support
import Testing

@Suite struct DriftTests {
  private struct Drawn {
    var clusters: [Int] = []
    var scores: [Double] = []
    var group: [Int] = []

    var others: [Int] {
      let inside = Set(group)
      return clusters.indices.filter { !inside.contains($0) }
    }
    var sample: DriftSample { DriftSample(clusters: clusters, scores: scores) }
  }

  /// - Parameters:
  ///   - correlation: within clusters, on a scale on which scores are normal.
  ///   - shift: added to the scores of the group.
  private func draw(
    _ n: Int, cluster: Int, correlation: Double, share: Double = 0.3, shift: Double = 0,
    from generator: inout RandomStream
  ) -> Drawn {
    var drawn = Drawn()
    var (common, isInGroup) = (0.0, false)
    for item in 0..<n {
      if item % cluster == 0 { (common, isInGroup) = (generator.normal(), generator.uniform() < share) }
      let own = correlation.squareRoot() * common + (1 - correlation).squareRoot() * generator.normal()
      drawn.scores.append(exp(own + (isInGroup ? shift : 0)))
      drawn.clusters.append(item / cluster)
      if isInGroup { drawn.group.append(item) }
    }
    return drawn
  }

  /// Corrected as the first window of a series, which may spend half of .05.
  private func drifts(_ reference: Drawn, _ window: Drawn) -> [Drift] {
    var drifts = DriftComputation.drifts(
      reference: reference.sample, window: window.sample,
      groups: [
        (GroupName(column: "g", value: "u"), reference.group, window.group),
        (GroupName(column: "g", value: "v"), reference.others, window.others),
      ])
    let pValues = drifts.compactMap { $0.finding.value?.pValue }
    var corrected = SeriesCorrection.corrected([SeriesCorrection.Window(number: 1, pValues: pValues)])[0][...]
    for index in drifts.indices {
      drifts[index].finding = drifts[index].finding.map { finding in
        var finding = finding
        finding.adjustedPValue = corrected.popFirst() ?? 1
        return finding
      }
    }
    return drifts
  }

  @Test(
    "The first window of a series is flagged without drift in no more than 25 of a thousand cases, clustered or not",
    arguments: [(600, 150, 1, 0.0), (400, 200, 4, 0.5), (120, 120, 6, 0.8)])
  func falseAlarms(reference: Int, window: Int, cluster: Int, correlation: Double) {
    var generator = RandomKey(seed: 11)["no drift"][cluster].generator
    let runs = 250
    var (looks, significant) = (0, 0)
    for _ in 0..<runs {
      let found = drifts(
        draw(reference, cluster: cluster, correlation: correlation, from: &generator),
        draw(window, cluster: cluster, correlation: correlation, from: &generator))
      looks += found.contains(where: \.isFlagged) ? 1 : 0
      significant += found.contains { ($0.finding.value?.adjustedPValue ?? 1) < 0.05 } ? 1 : 0
    }
    // One and a half standard errors above .025.
    #expect(Double(significant) / Double(runs) < 0.041)
    #expect(looks <= significant)
  }

  @Test("Drift that is planted in one group is found there, and named")
  func planted() throws {
    var generator = RandomKey(seed: 12)["planted"].generator
    let reference = draw(1_500, cluster: 3, correlation: 0.3, from: &generator)
    let window = draw(600, cluster: 3, correlation: 0.3, shift: 1.2, from: &generator)
    let looks = drifts(reference, window).filter(\.isFlagged)
    let inGroup = try #require(looks.first { $0.group == GroupName(column: "g", value: "u") })
    #expect(inGroup.subject == .score)
    #expect(inGroup.finding.value?.test == .kolmogorovSmirnov)
    #expect(!looks.contains { $0.group == GroupName(column: "g", value: "v") })
    #expect((inGroup.finding.value?.after ?? 0) > 2 * (inGroup.finding.value?.before ?? 1))
  }

  @Test("A group whose share has doubled is found, and a small change of a large sample is none that matters")
  func shares() {
    var generator = RandomKey(seed: 13)["shares"].generator
    let reference = draw(4_000, cluster: 1, correlation: 0, from: &generator)
    let doubled = drifts(reference, draw(800, cluster: 1, correlation: 0, share: 0.6, from: &generator))
    #expect(doubled.contains { $0.isFlagged && $0.subject == .share })
    let slight = drifts(reference, draw(20_000, cluster: 1, correlation: 0, share: 0.35, from: &generator))
    let share = slight.first { $0.subject == .share }
    #expect((share?.finding.value?.adjustedPValue ?? 1) < 0.001)
    #expect(share?.isFlagged == false)
  }

  @Test("Few items are not compared, and a group without any in the window has its share tested alone")
  func few() {
    var generator = RandomKey(seed: 14)["few"].generator
    let reference = draw(400, cluster: 1, correlation: 0, from: &generator)
    let window = draw(60, cluster: 1, correlation: 0, share: 0, from: &generator)
    let found = drifts(reference, window)
    let score = found.first { $0.subject == .score && $0.group?.value == "u" }
    #expect(
      score?.finding == .undefined(reason: "0 items in the window; 10 are needed", n: 0))
    #expect(found.first { $0.subject == .share && $0.group?.value == "u" }?.isFlagged == true)
  }

  @Test("Numbers, categories and missing values are watched as inputs")
  func inputs() {
    let count = 300
    func sample(_ shift: Double, missing: Int, names: [String]) -> DriftSample {
      var generator = RandomKey(seed: 15)["inputs"][missing].generator
      return DriftSample(
        clusters: Array(0..<count), scores: (0..<count).map { _ in generator.normal() },
        inputs: [
          (.column("age"), .numbers((0..<count).map { $0 < missing ? nil : generator.normal() + shift })),
          (.column("camera"), .categories((0..<count).map { names[$0 % names.count] })),
          (.brightness, .undefined(reason: "no images")),
        ])
    }
    let found = DriftComputation.drifts(
      reference: sample(0, missing: 3, names: ["a", "b"]), window: sample(1, missing: 90, names: ["a", "b", "b", "c"]),
      groups: [])
    #expect(
      found.filter(\.isFlagged).map(\.subject) == [
        .input(.column("age")), .missing(.column("age")), .input(.column("camera")), .unseen(.column("camera")),
      ])
    #expect(found.contains { $0.finding == .undefined(reason: "no images", n: 300) })
  }
}
