import Statistics
import TestSupport
import Testing

@Suite struct ProportionIntervalTests {
  @Test(
    "Wilson's interval agrees with published values",
    arguments: [
      (8.0, 10.0, 0.490162, 0.943318), (0, 10, 0, 0.277533), (10, 10, 0.722467, 1), (45, 50, 0.786398, 0.956524),
    ])
  func wilson(successes: Double, n: Double, lower: Double, upper: Double) {
    let interval = Interval.wilson(proportion: successes / n, n: n)
    #expect(isClose(interval.lower, lower, 1e-6))
    #expect(isClose(interval.upper, upper, 1e-6))
  }

  @Test("Wilson's interval narrows with more items, rises with more successes and stays within 0 and 1")
  func wilsonIsMonotone() {
    for n in 1...60 {
      var previous = Interval(lower: -1, upper: -1)
      for successes in 0...n {
        let share = Double(successes) / Double(n)
        let interval = Interval.wilson(proportion: share, n: Double(n))
        #expect(interval.lower >= 0 && interval.upper <= 1 && interval.contains(share))
        #expect(interval.lower >= previous.lower && interval.upper > previous.upper)
        #expect(Interval.wilson(proportion: share, n: Double(2 * n)).width < interval.width)
        previous = interval
      }
    }
  }

  @Test("Clopper and Pearson's interval agrees with a published value and holds Wilson's share")
  func clopperPearson() {
    let interval = Interval.clopperPearson(successes: 8, n: 10)
    #expect(isClose(interval.lower, 0.443905, 1e-6))
    #expect(isClose(interval.upper, 0.974789, 1e-6))
    #expect(Interval.clopperPearson(successes: 0, n: 5).lower == 0)
    #expect(Interval.clopperPearson(successes: 5, n: 5).upper == 1)
  }

  @Test("Clopper and Pearson's interval covers at least 95 % for every true share", arguments: [7, 40])
  func clopperPearsonCovers(n: Int) {
    for step in 1..<40 {
      let truth = Double(step) / 40
      var covered = 0.0
      var share = 1.0
      for _ in 0..<n { share *= 1 - truth }
      for successes in 0...n {
        if Interval.clopperPearson(successes: successes, n: n).contains(truth) { covered += share }
        share *= Double(n - successes) / Double(successes + 1) * truth / (1 - truth)
      }
      #expect(covered >= 0.95)
    }
  }
}
