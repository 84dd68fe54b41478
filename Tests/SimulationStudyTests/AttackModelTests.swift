import MembershipInference
import Metrics
import SimulationStudy
import Support
import Testing

@Suite struct AttackModelTests {
  @Test("Planted areas are those that many models and items have", arguments: [0, 0.4], [1, 4])
  func areas(deviation: Double, clusterSize: Int) throws {
    let model = AttackModel(
      models: 40, items: 2_000, clusterSize: clusterSize, correlation: clusterSize == 1 ? 0 : 0.5,
      leakDeviation: deviation)
    let arms = model.draw(areas: (0.65, 0.6), key: RandomKey(seed: 3))
    #expect(arms[0].masks == arms[1].masks)
    for (arm, truth) in zip(arms, [0.65, 0.6]) {
      let areas = try zip(arm.attackScores(of: .lossThreshold), arm.masks).map {
        try #require(areaUnderCurve(scores: $0, membership: $1))
      }
      // Forty leaks of deviation .4 leave an error of .02 in their mean area.
      #expect(abs(areas.reduce(0, +) / 40 - truth) < (deviation == 0 ? 0.01 : 0.05))
    }
  }

  @Test("Scenarios of attacks give a row for each promise")
  func rows() throws {
    let model = AttackModel(models: 6, items: 60, leakDeviation: 0.4)
    let table = try Study.table(
      of: [
        Study.attackScenario(model, areas: (0.65, 0.6), auditShare: 1),
        Study.likelihoodRatioScenario(model, auditShare: 1), Study.attackErrorScenario(model, auditShare: 1),
      ], audits: 4, seed: 1, threads: 2)
    #expect(
      table.rows.map(\.measured)
        == ["area covered", "difference covered", "difference covered", "difference confirmed", "within the margin"])
    #expect(table.rows.allSatisfy { $0.audits == 4 && $0.section == .attacks })
  }
}
