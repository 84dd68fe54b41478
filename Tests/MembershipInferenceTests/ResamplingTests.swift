import MembershipInference
import Metrics
import Statistics
import Support
import TestSupport
import Testing

@Suite struct ResamplingTests {
  @Test(
    "Where models are not varied, intervals are those of resampled items measured one by one, with ties and without",
    arguments: [true, false])
  func bruteForce(isTied: Bool) throws {
    var shadowModels = Fixture.directShadowModels(
      items: 90, leak: { _ in 1 }, groups: Fixture.groups(2, items: 90), seed: 91)
    guard case .direct(var scores, let kind) = shadowModels.scores else { return }
    if isTied { scores = scores.map { $0.map { $0.map { ($0 * 2).rounded() } } } }
    shadowModels.scores = .direct(scores, kind)
    shadowModels.clusters = (0..<90).map { $0 / 2 }
    shadowModels.permitsSplitClusters = true
    shadowModels.design = .released(target: 3)
    let key = RandomKey(seed: 92)
    let found = try PrivacyEvaluation.evaluate(shadowModels: shadowModels, attacks: [.lossThreshold], key: key).attacks[
      0]
    var generator = key["bootstrap"].generator
    var areas: [[Double]] = [[], []]
    var rates = areas
    for _ in 0..<1_000 {
      let weights = generator.clusterWeights(count: 45)
      let all = (0..<90).flatMap { Array(repeating: $0, count: Int(weights[$0 / 2])) }
      for (part, items) in [all, all.filter { $0 % 2 == 1 }].enumerated() {
        let sides = shadowModels.design.targets(models: 8).map { model in
          (scores: items.map { scores[model][0][$0] }, membership: items.map { shadowModels.masks[model][$0] })
        }
        let known = sides.filter { $0.membership.contains(true) && $0.membership.contains(false) }
        areas[part].append(
          known.reduce(0) { $0 + (areaUnderCurve(scores: $1.scores, membership: $1.membership) ?? 0) }
            / Double(known.count))
        rates[part].append(
          known.reduce(0) {
            let rate = truePositiveRate(scores: $1.scores, membership: $1.membership, atFalsePositiveRate: 0.1)
            return $0 + (rate?.truePositiveRate ?? 0)
          } / Double(known.count))
      }
    }
    for (part, measures) in [found.overall, found.groups[1]].enumerated() {
      let area = try #require(measures.areaUnderCurve.value?.interval.value)
      let expected = Interval.expandedPercentile(areas[part], clusters: 45)
      #expect(isClose(area.lower, expected.lower) && isClose(area.upper, expected.upper))
      let rate = try #require(measures.operatingPoints[0].truePositiveRate.value)
      let bounds = Interval.expandedPercentile(rates[part], clusters: 45)
      #expect(isClose(rate.interval.lower, bounds.lower) && isClose(rate.interval.upper, bounds.upper))
    }
  }
}
