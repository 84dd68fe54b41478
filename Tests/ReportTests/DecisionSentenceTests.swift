import Foundation
import Metrics
import Report
import Statistics
import Testing

@Suite("The first sentence and the verdict lines")
struct DecisionSentenceTests {
  /// The simulated audit with the verdicts of one arm set by hand; no other arm is compared.
  private func report(_ verdicts: [Verdict], estimates: [Double]? = nil) throws -> AuditReport {
    var report = try SimulatedAudit.report.get()
    var comparisons = report.fairness.comparisons.filter { $0.arm == "lora-r8" && $0.isInFamily }
    comparisons = Array(comparisons.prefix(verdicts.count))
    for (index, verdict) in verdicts.enumerated() {
      comparisons[index].verdict = verdict
      comparisons[index].estimate = estimates?[index] ?? -0.041
    }
    report.fairness.comparisons = comparisons
    return report
  }

  private func undecided(_ moreItems: Int?) -> Verdict {
    .notEnoughData(because: .intervalTooWide, more: MoreData(items: moreItems))
  }

  @Test("Within the margin in most groups, and the group in which data do not suffice by name")
  func mostlyWithin() throws {
    let report = try report([.withinMargin, .withinMargin, undecided(137), .withinMargin, .withinMargin])
    #expect(
      report.decisionSentence == """
        Against full fine-tuning, lora-r8 stays within the margin of 3 points of accuracy in 4 of 5 groups and has too \
        few data to tell in lighting=dusk (about 140 more items).
        """)
  }

  @Test("Within the margin in all groups, or in the only one")
  func allWithin() throws {
    #expect(
      try report([.withinMargin, .withinMargin]).decisionSentence
        == "Against full fine-tuning, lora-r8 stays within the margin of 3 points of accuracy in all 2 groups.")
    #expect(
      try report([.withinMargin]).decisionSentence == """
        Against full fine-tuning, lora-r8 stays within the margin of 3 points of accuracy in the one group, \
        lighting=day.
        """)
  }

  @Test("A confirmed difference is called worse or better by its sign, with its size")
  func confirmed() throws {
    let verdicts: [Verdict] = [.differenceConfirmed, .differenceConfirmed, .withinMargin]
    #expect(
      try report(verdicts, estimates: [-0.041, 0.02, 0]).decisionSentence == """
        Against full fine-tuning, lora-r8 stays within the margin of 3 points of accuracy in 1 of 3 groups, is worse \
        by 4.1 points in lighting=day and is better by 2.0 points in lighting=lamp.
        """)
  }

  @Test("Where no group can be judged the sentence says so, and names no number that does not exist")
  func nothingDecided() throws {
    #expect(
      try report([undecided(40), undecided(nil)]).decisionSentence == """
        Against full fine-tuning, lora-r8 has too few data to say whether it stays within the margin of 3 points of \
        accuracy in all 2 groups.
        """)
  }

  @Test("Two arms share one sentence, and the margin is named at its first mention")
  func twoArms() throws {
    let sentence = try SimulatedAudit.report.get().decisionSentence
    #expect(sentence.hasPrefix("Against full fine-tuning, lora-r2 "))
    #expect(sentence.contains("; lora-r8 "))
    #expect(sentence.components(separatedBy: "the margin of 3 points of accuracy").count == 2)
  }

  @Test("Without a comparison, or without groups, the sentence decides nothing")
  func nothingDeclared() throws {
    #expect(try SmallAudit.report().decisionSentence.hasPrefix("No comparison between arms was declared"))
    let comparison = ArmComparison(arm: "lora", reference: "full")
    let report = try SmallAudit.report(arms: ["lora", "full"], groups: [], comparisons: [comparison])
    #expect(report.decisionSentence.hasPrefix("No group was declared"))
  }

  @Test("There is an aligned line for every arm and group: verdicts where declared, accuracy elsewhere")
  func lines() throws {
    let report = try SimulatedAudit.report.get()
    // The last one names an arm that was still improving when its training ended.
    let lines = report.verdictLines().dropLast()
    #expect(lines.count == 4 * 6)
    #expect(lines.filter { $0.contains("vs full: ") }.count == 2 * 6)
    #expect(lines.filter { $0.hasSuffix("the reference") }.count == 6)
    let verdicts = lines.filter { $0.contains(" vs full: ") }
    #expect(Set(verdicts.map { $0.components(separatedBy: " vs full: ")[0].count }).count == 1)
    #expect(lines.first?.hasPrefix("base     all items      accuracy ") == true)
  }

  @Test("A verdict line says what was found in plain words")
  func words() throws {
    var small = try report([.notEnoughData(because: .belowMinimumSize(minimum: 500), more: MoreData(items: 137))])
    small.fairness.comparisons[0].interval = Interval(lower: -0.079, upper: -0.005)
    let line = try #require(small.verdictLines().first { $0.contains(" vs full: ") })
    let n = small.fairness.comparisons[0].n
    #expect(line.contains("\u{2212}4.1 points [\u{2212}7.9, \u{2212}0.5]"))
    #expect(line.hasSuffix("vs full: not enough data (\(n) items, minimum 500; about 140 more items)"))
    var confirmed = try report([.differenceConfirmed])
    confirmed.fairness.comparisons[0].adjustedPValue = .value(0.0123)
    #expect(confirmed.verdictLines().contains { $0.hasSuffix("difference confirmed (Holm p .012)") })
  }

  @Test("A base arm that is compared shows its accuracy and the difference")
  func base() throws {
    var report = try SimulatedAudit.report.get()
    var comparison = try #require(report.fairness.comparisons.first)
    comparison.arm = "base"
    report.fairness.comparisons = [comparison]
    let line = try #require(report.verdictLines().first)
    #expect(line.hasPrefix("base     all items      accuracy "))
    #expect(line.hasSuffix(", exploratory"))
  }

  @Test("A name cannot steer the terminal")
  func controlCharacters() throws {
    var report = try SmallAudit.report()
    report.fairness.arms[0].arm = "\u{1B}[2J\nfull"
    #expect(report.verdictLines().allSatisfy { !$0.contains("\u{1B}") && !$0.contains("\n") })
  }
}
