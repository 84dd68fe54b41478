import Foundation
import MembershipInference
import Metrics
import Report
import Testing

@Suite("Arms in the report")
struct AdapterArmTests {
  /// The simulated audit with its first LoRA arm trained elsewhere, and its second with every option.
  private func report() throws -> AuditReport {
    var report = try SimulatedAudit.report.get()
    let name = report.arms[1].name
    report.arms[1] = ArmDescription(
      name: name, kind: .adapter, trainableParameters: 18_818, rank: 2, epochs: nil, rate: nil)
    report.arms[2].dropout = 0.05
    report.arms[2].isRankStabilized = true
    report.fairness.arms[1].seeds = [report.fairness.arms[1].seeds[0]]
    report.fairness.arms[1].seeds[0].seed = nil
    report.privacy.removeAll { $0.arm == name }
    report.costs.removeAll { $0.arm == name && $0.phase != .evaluation }
    report.losses.removeAll { $0.arm == name }
    return report
  }

  private func section(_ anchor: String, of page: String) throws -> String {
    let start = try #require(page.components(separatedBy: "<section id=\"\(anchor)\">").dropFirst().first)
    return start.components(separatedBy: "</section>")[0]
  }

  @Test("An external adapter is compared and costed like the others, and the page says what is unknown about it")
  func fromElsewhere() throws {
    let report = try report()
    let page = report.html()
    #expect(page.contains("at a cost that is not known"))
    #expect(page.contains("Not drawn, because their training cost nothing here: lora-r2."))
    #expect(try section("privacy", of: page).contains("is left out: it was trained outside this audit"))
    #expect(try section("method", of: page).contains("trained outside this audit and evaluated as it is, once"))
    #expect(try section("comparisons", of: page).contains("lora-r2"))
    #expect(try section("costs", of: page).contains("lora-r2"))
    #expect(MarkupCheck.drawings(page).flatMap(MarkupCheck.errors) == [])
  }

  @Test("Dropout and rank-stabilized scaling are said where they are set, and only there")
  func options() throws {
    let method = try section("method", of: report().html())
    #expect(method.contains("lora, rank 8, scaled by the root of the rank (Kalajdzievski 2023), dropout 0.05: "))
    #expect(method.components(separatedBy: "dropout").count == 2)
  }

  @Test("results.json has it too, in the form of the schema")
  func results() throws {
    let report = try report()
    #expect(try SchemaCheck().errors(report.results) == [])
    let text = String(decoding: try report.results.bytes(), as: UTF8.self)
    #expect(text.contains("\"kind\": \"adapter\""))
    #expect(text.contains("\"seed\": null"))
    #expect(text.contains("\"reason\": \"it was trained outside this audit"))
  }
}
