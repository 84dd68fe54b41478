import Foundation
import MembershipInference
import Metrics
import Report
import Statistics
import Testing

@Suite("The page")
struct PageTests {
  @Test("The page is self-contained: no scripts and nothing from elsewhere")
  func selfContained() throws {
    let page = try SimulatedAudit.report.get().html()
    for forbidden in ["<script", "http:", "https:", "url(", "@import", "<link", "<iframe", "onload"] {
      #expect(!page.contains(forbidden))
    }
    let sources = page.components(separatedBy: "src=\"").dropFirst()
    #expect(sources.count == 3)
    #expect(sources.allSatisfy { $0.hasPrefix("data:image/png;base64,") })
    #expect(page.components(separatedBy: "href=\"").dropFirst().allSatisfy { $0.hasPrefix("#") })
  }

  @Test("Every link leads to a place on the page, and no two places share a name")
  func anchors() throws {
    let page = try SimulatedAudit.report.get().html()
    let places = page.components(separatedBy: "id=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
    let links = page.components(separatedBy: "href=\"#").dropFirst().map { $0.prefix { $0 != "\"" } }
    #expect(Set(places).count == places.count)
    #expect(!links.isEmpty)
    #expect(Set(links).isSubset(of: Set(places)))
  }

  @Test("The first page holds the sentence of the decision rule, and names every arm in every part")
  func contents() throws {
    let report = try SimulatedAudit.report.get()
    let page = report.html()
    #expect(page.contains(report.decisionSentence))
    #expect(page.contains("set by hand"))
    for anchor in [
      "groups", "gaps", "comparisons", "calibration", "privacy", "costs", "losses", "samples", "method",
    ] {
      let section = try #require(page.components(separatedBy: "<section id=\"\(anchor)\">").dropFirst().first)
      #expect(report.arms.allSatisfy { section.contains($0.name) })
    }
  }

  @Test("All drawings of a full audit are well formed and have finite coordinates")
  func drawings() throws {
    let drawings = MarkupCheck.drawings(try SimulatedAudit.report.get().html())
    #expect(drawings.count > 50)
    #expect(drawings.flatMap(MarkupCheck.errors) == [])
  }

  @Test("Hostile names are text everywhere")
  func hostile() throws {
    let name = "<script>alert(\"x\")</script> & 'y'\u{0}"
    var report = try SimulatedAudit.report.get()
    (report.name, report.task, report.planHash, report.positiveClass) = (name, name, name, name)
    report.classNames = [name, name]
    let group = GroupName(column: name, value: name)
    for index in report.arms.indices {
      let arm = "\(name)\(index)"
      let old = report.arms[index].name
      report.arms[index].name = arm
      report.fairness.arms[index].arm = arm
      report.fairness.arms[index].overSeeds.groups[0].group = group
      report.fairness.arms[index].calibration.groups[0].group = group
      report.fairness.arms[index].overSeeds.columns[0].column = name
      report.privacy[index].arm = arm
      report.privacy[index].attacks[0].groups[0].group = group
      for cost in report.costs.indices where report.costs[cost].arm == old { report.costs[cost].arm = arm }
      for run in report.losses.indices where report.losses[run].arm == old { report.losses[run].arm = arm }
    }
    for index in report.fairness.comparisons.indices { report.fairness.comparisons[index].arm = "\(name)1" }
    for index in report.samples.indices { report.samples[index].label = name }
    let page = report.html()
    #expect(!page.contains("<script"))
    #expect(!page.contains("\u{0}"))
    #expect(!page.contains("\"x\""))
    #expect(page.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;"))
    #expect(MarkupCheck.drawings(page).flatMap(MarkupCheck.errors) == [])
  }

  @Test("One arm that is always right in one group, with nothing else measured, still makes a page")
  func smallest() throws {
    let page = try SmallAudit.report().html()
    #expect(page.contains("100.0"))
    #expect(page.contains("Membership inference was not measured"))
    #expect(page.contains("the cost of training was not measured"))
    #expect(!page.contains("<section id=\"costs\">"))
    #expect(!page.contains("<section id=\"comparisons\">"))
    #expect(MarkupCheck.drawings(page).flatMap(MarkupCheck.errors) == [])
  }

  @Test("A figure that is undefined is called so, with its reason once below the table")
  func undefined() throws {
    let report = try SmallAudit.report()
    guard case .undefined(let reason, _) = report.fairness.arms[0].overSeeds.overall.truePositiveRate else {
      Issue.record("a rate of positives without a positive class is defined")
      return
    }
    let page = report.html()
    #expect(page.contains("<span class=\"undefined\">undefined"))
    let rates = try #require(page.components(separatedBy: "<section id=\"groups\">").last)
    let section = rates.components(separatedBy: "</section>")[0]
    #expect(section.components(separatedBy: ">Undefined: \(reason).<").count == 2)
  }

  @Test("Costs and losses that are zero, huge or not finite leave finite coordinates")
  func extremes() throws {
    var report = try SimulatedAudit.report.get()
    for (index, value) in [0, .nan, .infinity, 1e300, 1e-300, -1].enumerated() {
      report.costs[index * 2].wallSeconds = value
      report.losses[index].epochs = [value, 1, .nan]
    }
    let page = report.html()
    #expect(MarkupCheck.drawings(page).flatMap(MarkupCheck.errors) == [])
    #expect(page.contains("Loss not finite, and so not drawn"))
  }

  @Test("A group of one item, no groups at all and a single bin keep drawings finite")
  func fewItems() throws {
    let single = Subgroup(column: "tone", value: "dark", items: [2])
    let comparison = ArmComparison(arm: "lora", reference: "full")
    for groups in [[], [single]] {
      let report = try SmallAudit.report(
        arms: ["lora", "full"], groups: groups, comparisons: [comparison], positiveClass: 1)
      #expect(MarkupCheck.drawings(report.html()).flatMap(MarkupCheck.errors) == [])
    }
  }
}
