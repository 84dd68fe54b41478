import MembershipInference
import Metrics
import Statistics
import TestSupport
import Testing

@Suite struct InterimAnalysisTests {
  @Test(
    "Spending functions give Lan and DeMets' values",
    arguments: [
      // 2 − 2Φ(1.959964 / √t) and .05·ln(1 + (e − 1)·t).
      (AlphaSpending.obrienFleming, 0.25, 0.000_088_5), (.obrienFleming, 0.5, 0.005_575), (.obrienFleming, 1, 0.05),
      (.pocock, 0.25, 0.017_869), (.pocock, 0.5, 0.031_006), (.pocock, 1, 0.05), (.pocock, 0, 0),
    ])
  func spending(function: AlphaSpending, information: Double, expected: Double) {
    #expect(isClose(function.spent(at: information, alpha: 0.05), expected, 1e-6))
  }

  @Test("Looks spend the whole error together and no more", arguments: AlphaSpending.allCases)
  func total(spending: AlphaSpending) throws {
    let plan = try InterimAnalysisPlan(models: [6, 8, 16, 32, 64], alpha: 0.05, spending: spending)
    #expect(isClose(plan.analyses.reduce(0) { $0 + 1 - $1.confidence }, 0.05, 1e-7))
    #expect(plan.analyses.allSatisfy { $0.confidence > 0.95 && $0.confidence < 1 })
    #expect(plan.analyses.last?.spent == 0.05)
    if spending == .obrienFleming {
      #expect(zip(plan.analyses, plan.analyses.dropFirst()).allSatisfy { $0.confidence > $1.confidence })
    }
    #expect(isClose(try InterimAnalysisPlan(models: [16]).analyses[0].confidence, 0.95))
  }

  @Test("Sizes that are odd, small or not ascending are refused")
  func refusals() {
    #expect(throws: InterimAnalysisPlanError.noAnalyses) { try InterimAnalysisPlan(models: []) }
    #expect(throws: InterimAnalysisPlanError.invalidSize(analysis: 0, models: 4)) {
      try InterimAnalysisPlan(models: [4, 8])
    }
    #expect(throws: InterimAnalysisPlanError.invalidSize(analysis: 1, models: 9)) {
      try InterimAnalysisPlan(models: [8, 9])
    }
    #expect(throws: InterimAnalysisPlanError.notAscending(analysis: 1, models: 8, before: 8)) {
      try InterimAnalysisPlan(models: [8, 8])
    }
    #expect(throws: InterimAnalysisPlanError.alphaOutsideRange(0.5)) {
      try InterimAnalysisPlan(models: [8], alpha: 0.5)
    }
  }

  private func estimate(_ value: Double, _ lower: Double, _ upper: Double) -> Measured<Estimate> {
    .value(Estimate(value: value, interval: .value(Interval(lower: lower, upper: upper))))
  }

  @Test("It stops when the interval is narrow enough, or on one side of the limit, or at the last look")
  func decisions() throws {
    let plan = try InterimAnalysisPlan(models: [8, 16])
    let wide = estimate(0.6, 0.5, 0.68)
    let stop = InterimAnalysisDecision.stop(.narrowEnough(halfWidth: 0.6 - 0.5))
    #expect(plan.decide(at: 0, estimate: wide, goal: .halfWidth(0.11)) == stop)
    guard case .goOn(let because) = plan.decide(at: 0, estimate: wide, goal: .halfWidth(0.05)) else {
      Issue.record("it stops at a wide interval")
      return
    }
    #expect(because.contains("0.05"))
    #expect(plan.decide(at: 1, estimate: wide, goal: .halfWidth(0.05)) == .stop(.allModelsTrained))
    #expect(plan.decide(at: 0, estimate: wide, goal: .limit(0.7)) == .stop(.belowLimit(upper: 0.68)))
    #expect(plan.decide(at: 0, estimate: wide, goal: .limit(0.49)) == .stop(.aboveLimit(lower: 0.5)))
    guard case .goOn = plan.decide(at: 0, estimate: wide, goal: .limit(0.55)) else {
      Issue.record("it stops with the limit in the interval")
      return
    }
  }

  @Test("An undefined figure never stops a fleet but at its end")
  func undefined() throws {
    let plan = try InterimAnalysisPlan(models: [8, 16])
    let none = Measured<Estimate>.undefined(reason: "no non-members", n: 3)
    #expect(
      plan.decide(at: 0, estimate: none, goal: .limit(0.6)) == .goOn(because: "the figure is undefined: no non-members")
    )
    #expect(plan.decide(at: 1, estimate: none, goal: .limit(0.6)) == .stop(.allModelsTrained))
  }
}
