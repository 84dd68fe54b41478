import Fairness
import RandomNumbers
import Testing

@Suite struct InvarianceTests {
  @Test("An evaluation is the same every time it is made")
  func repeatable() throws {
    let golden = try Golden.load()
    #expect(try golden.evaluate() == golden.evaluate())
  }

  @Test("The order of items and the numbers of clusters do not change rates, gaps, calibration or comparisons")
  func itemOrder() throws {
    let golden = try Golden.load()
    let first = try golden.evaluate()
    let order = RandomKey(seed: 31).permutation(count: golden.items.labels.count)
    var position = [Int](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { position[old] = new }
    var shuffled = golden
    shuffled.items.labels = order.map { golden.items.labels[$0] }
    shuffled.items.clusters = order.map { 1_000 - 7 * golden.items.clusters[$0] }
    for group in shuffled.items.groups.indices {
      shuffled.items.groups[group].members = golden.items.groups[group].members.map { position[$0] }.sorted()
    }
    shuffled.logits = golden.logits.mapValues { runs in
      runs.map { run in order.flatMap { [run[2 * $0], run[2 * $0 + 1]] } }
    }
    let second = try shuffled.evaluate()
    for (before, after) in zip(first.arms, second.arms) {
      for (one, other) in zip(before.overSeeds.groups, after.overSeeds.groups) {
        #expect(isClose(one.accuracy.interval.lower, other.accuracy.interval.lower))
        #expect(isClose(one.accuracy.value, other.accuracy.value))
        #expect(one.positives == other.positives)
      }
      for (one, other) in zip(before.overSeeds.columns, after.overSeeds.columns) {
        #expect(isClose(try #require(one.accuracySpread.value).value, try #require(other.accuracySpread.value).value))
        #expect(one.worstGroup.value == other.worstGroup.value)
      }
      #expect(
        isClose(before.overallCalibration.expectedCalibrationError, after.overallCalibration.expectedCalibrationError))
    }
    for (before, after) in zip(first.comparisons, second.comparisons) {
      #expect(isClose(before.estimate, after.estimate) && isClose(before.pValue, after.pValue))
      #expect(
        isClose(before.interval.lower, after.interval.lower) && isClose(before.interval.upper, after.interval.upper))
      #expect(before.verdict == after.verdict)
    }
  }

  @Test("A group's figures do not depend on which other groups there are")
  func groupsStandAlone() throws {
    let golden = try Golden.load()
    let all = try golden.evaluate()
    var fewer = golden
    fewer.items.groups = Array(golden.items.groups.suffix(2).reversed())
    let two = try fewer.evaluate()
    for (arm, same) in zip(all.arms, two.arms) {
      #expect(arm.overSeeds.groups.last == same.overSeeds.groups.first)
      #expect(arm.groupCalibrations.last?.signedGap == same.groupCalibrations.first?.signedGap)
    }
    let before = try #require(all.comparisons.last)
    #expect(two.comparisons[1].interval == before.interval && two.comparisons[1].pValue == before.pValue)
  }

  @Test("Every interval of a share lies within 0 and 1 and holds its value, and no effective number exceeds its count")
  func bounds() throws {
    for arm in try Golden.load().evaluate().arms {
      for rates in arm.seeds.flatMap({ [$0.rates.overall] + $0.rates.groups }) + arm.overSeeds.groups {
        for share in [
          rates.accuracy, rates.truePositiveRate.value, rates.falsePositiveRate.value, rates.selectionRate.value,
        ].compactMap({ $0 }) {
          #expect(share.interval.lower >= 0 && share.interval.upper <= 1 && share.interval.contains(share.value))
          #expect(share.effectiveN <= Double(share.n) + 1e-9)
        }
      }
    }
  }
}
