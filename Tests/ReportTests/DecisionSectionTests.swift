import Fairness
import Foundation
import Gate
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
    try report.judge(
      Policy(
        owner: nil, deadline: nil, minimumSize: 1_000_000, arms: nil,
        rules: [rule(0.1), rule(0.2), rule(0.999, .all)]))
    let list = try #require(report.html().components(separatedBy: "<ul class=\"note\">").dropFirst().first)
      .components(separatedBy: "</ul>")[0].components(separatedBy: "<li>").dropFirst()
    #expect(list.count == 9)
    #expect(list.prefix(2).allSatisfy { $0.hasPrefix("broken: ") })
    #expect(list.last?.hasPrefix("and 14 more: 0 broken, 14 without enough data") == true)
  }

  @Test("Without a declared comparison no correction for comparisons is spoken of")
  func noRule() throws {
    let page = try SmallAudit.report().html()
    #expect(!page.contains("corrected for 0") && !page.contains("0 comparisons"))
  }
}
