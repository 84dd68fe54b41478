import Statistics
import Support
import TestSupport
import Testing

/// Promises of a share's interval over random clusters, outcomes and seeds.
@Suite struct ProportionTests {
  private struct Draw {
    var clusters: [Int]
    var count: Int
    var runs: [[Double]]

    func share(_ change: ([[Double]]) -> [[Double]] = { $0 }) -> Proportion {
      Proportion(runs: change(runs), clusters: clusters, clusterCount: count)
    }
  }

  /// Few or many clusters of any sizes, seldom or often right, one to five runs.
  private func draw(_ number: Int) -> Draw {
    var generator = RandomKey(seed: 1)["promises of a share"][number].generator
    let count = 2 + generator.index(below: 20)
    var clusters: [Int] = []
    for cluster in 0..<count {
      clusters += Array(repeating: cluster, count: 1 + generator.index(below: number % 3 == 0 ? 1 : 12))
    }
    let accuracy = 0.5 + generator.uniform() / 2
    let runs = (0..<[1, 2, 3, 5][number % 4]).map { _ in
      clusters.map { _ in generator.uniform() < accuracy ? 1.0 : 0 }
    }
    return Draw(clusters: clusters, count: count, runs: runs)
  }

  @Test(
    "No data have a lower bound above that of the same clusters without an error, nor an upper one below without success"
  )
  func monotone() {
    for number in 0..<2_000 {
      let draw = draw(number)
      let own = draw.share().interval
      let right = draw.share { $0.map { $0.map { _ in 1 } } }.interval
      let wrong = draw.share { $0.map { $0.map { _ in 0 } } }.interval
      #expect(own.lower <= right.lower && own.upper >= wrong.upper, "draw \(number)")
      #expect(right.upper == 1 && wrong.lower == 0)
      #expect(own.contains(draw.share().value))
    }
  }

  @Test("Failures mirror successes, and neither the order of items and runs nor the clusters' numbers matter")
  func invariant() {
    for number in 0..<500 {
      let draw = draw(number)
      let own = draw.share()
      let mirrored = draw.share { $0.map { $0.map { 1 - $0 } } }
      #expect(isClose(own.interval.lower, 1 - mirrored.interval.upper, 1e-9))
      #expect(isClose(own.interval.upper, 1 - mirrored.interval.lower, 1e-9))
      let order = RandomKey(seed: 2)["order"][number].permutation(count: draw.clusters.count)
      let shuffled = Proportion(
        runs: draw.runs.reversed().map { run in order.map { run[$0] } },
        clusters: order.map { draw.count - 1 - draw.clusters[$0] }, clusterCount: draw.count)
      #expect(isClose(own.interval.lower, shuffled.interval.lower, 1e-9))
      #expect(isClose(own.interval.upper, shuffled.interval.upper, 1e-9))
    }
  }

  @Test("One more error never raises a bound at the correlation that is assumed")
  func oneMoreError() {
    for clusters in [3, 10, 40] {
      for effective in [5.0, 40, 900] {
        let reach = StudentT.quantile(0.975, degreesOfFreedom: Double(clusters - 1))
        var before = Interval(lower: 1, upper: 1)
        for errors in 0...50 {
          let found = Interval.wilson(proportion: 1 - Double(errors) / 50, n: effective, reach: reach)
          #expect(found.lower <= before.lower && found.upper <= before.upper)
          before = found
        }
      }
    }
  }

  @Test("A thousand right of ten people and 999 right are judged alike")
  func tenPeople() {
    let clusters = (0..<1_000).map { $0 / 100 }
    func lower(errors: Int) -> Double {
      Proportion(
        values: (0..<1_000).map { $0 < errors ? 0 : 1 }, clusters: clusters, clusterCount: 10
      ).interval.lower
    }
    #expect(lower(errors: 0) < 0.85)
    for errors in 1..<20 { #expect(lower(errors: errors) <= lower(errors: 0)) }
  }

  @Test("Seeds that differ widen the interval from three on, and the same seed again does not")
  func seeds() {
    let clusters = Array(0..<400)
    func run(_ right: Int) -> [Double] { clusters.map { $0 < right ? 1 : 0 } }
    func width(_ runs: [[Double]]) -> Double {
      Proportion(runs: runs, clusters: clusters, clusterCount: 400).interval.width
    }
    let same = width([run(340), run(340), run(340)])
    #expect(width([run(300), run(340), run(380)]) > 2 * same)
    #expect(isClose(width([run(340)]), same, 0.001))
    #expect(isClose(width([run(300), run(380)]), width([run(340)]), 0.02))
  }

  @Test("One cluster says nothing, and items without clusters have Wilson's own interval")
  func extremes() {
    let one = Proportion(values: [1, 0, 1, 1], clusters: [0, 0, 0, 0], clusterCount: 1)
    #expect(one.interval == Interval(lower: 0, upper: 1))
    let plain = Proportion(values: (0..<50).map { $0 < 45 ? 1 : 0 }, clusters: Array(0..<50), clusterCount: 50)
    #expect(isClose(plain.interval.lower, 0.786398, 1e-6) && isClose(plain.interval.upper, 0.956524, 1e-6))
  }
}
