import Foundation
import MembershipInference
import Metrics
import Report
import Testing

@Suite("The first page")
struct DecisionSectionTests {
  @Test("Of unmet demands the broken ones come first, and those that are not shown are counted")
  func worstFirst() throws {
    var report = try SimulatedAudit.report.get()
    func rule(_ limit: Double, _ groups: Policy.Groups = .every) -> Policy.Rule {
      Policy.Rule(metric: .accuracy, groups: groups, demand: .atLeast(limit))
    }
    // Twenty that the data do not suffice for, then two that are broken.
    report.judge(
      Policy(
        owner: nil, deadline: nil, minimumSize: 1_000_000, arms: nil,
        rules: [rule(0.1), rule(0.2), rule(0.999, .all)]))
    let list = try #require(report.html().components(separatedBy: "<ul class=\"note\">").dropFirst().first)
      .components(separatedBy: "</ul>")[0].components(separatedBy: "<li>").dropFirst()
    #expect(list.count == 9)
    #expect(list.prefix(2).allSatisfy { $0.hasPrefix("broken: ") })
    #expect(list.last?.hasPrefix("and 14 more: 0 broken, 14 without enough data") == true)
  }

  @Test("Beside an area stands the attack that found it, and the level of its interval where that is not 95 %")
  func attack() throws {
    var report = try SimulatedAudit.report.get()
    let page = report.html()
    #expect(page.contains("<small>likelihood ratio</small>") && !page.contains("where no other level stands"))
    report.privacy[0].confidence = 0.983
    let early = report.html()
    #expect(early.contains("<small>likelihood ratio, 98.3 %</small>") && early.contains("where no other level stands"))
  }

  @Test("Without a declared comparison no correction for comparisons is spoken of")
  func noRule() throws {
    let page = try SmallAudit.report().html()
    #expect(!page.contains("corrected for 0") && !page.contains("0 comparisons"))
  }
}
