import Metrics
import SimulationStudy
import Statistics
import Testing

@Suite struct StudyTableTests {
  private static let few = [
    Study.accuracyScenario(
      .seededAccuracy, 0.9, items: 50, layout: .size(4), correlation: 0.3, seeds: 5, deviation: 0.01),
    Study.rateScenario(items: 60, seeds: 2, deviation: 0.02, layout: .size(2), correlation: 0.3),
    Study.differenceScenario(items: 40, difference: -0.03, scheme: .clusters),
    Study.familyScenario(arms: 2, size: 24, scheme: .clusters),
    Study.spreadScenario(seeds: 1, layout: .size(4), correlation: 0.3),
  ]

  @Test("The table is the same with one thread and with several, and another with another seed")
  func threads() throws {
    let one = try Study.table(of: Self.few, audits: 9, seed: 3, threads: 1)
    #expect(one == (try Study.table(of: Self.few, audits: 9, seed: 3, threads: 2)))
    #expect(one == (try Study.table(of: Self.few, audits: 9, seed: 3, threads: 20)))
    #expect(one.rows != (try Study.table(of: Self.few, audits: 9, seed: 4, threads: 2)).rows)
  }

  @Test("A scenario's rows do not depend on which others are run")
  func independence() throws {
    let all = try Study.table(of: Self.few, audits: 9, seed: 3, threads: 2)
    let last = try Study.table(of: [Self.few[4]], audits: 9, seed: 3, threads: 2)
    #expect(all.rows.suffix(1) == last.rows[...])
  }

  @Test("Every promise of the table is in it, every scenario draws from a stream of its own, and rows are few")
  func scenarios() {
    let scenarios = Study.scenarios
    #expect(Set(scenarios.map(\.section)) == Set(StudySection.allCases))
    #expect(Set(scenarios.map { "\($0.section): \($0.name)" }).count == scenarios.count)
    #expect(scenarios.count <= 120)
  }

  private func row(_ share: Double, _ bound: PromisedBound, audits: Int = 400) -> StudyRow {
    StudyRow(section: .margin, data: "a harm", measured: "found", audits: audits, share: share, bound: bound)
  }

  @Test("A share breaks its bound where 99 % Monte Carlo limits exclude the bound, and an exact one by itself")
  func bounds() {
    // scipy.stats.binomtest(k, 400).proportion_ci(.99): 360 → [.8540, .9351], 359 → [.8512, .9329]; 32 → [.0488, .1223],
    // 33 → [.0508, .1251].
    #expect(row(0.9, .atLeast(0.93)).isKept == true && row(359.0 / 400, .atLeast(0.93)).isKept == true)
    #expect(row(0.895, .atLeast(0.93)).isKept == (row(0.895, .none).plausibleShares.upper >= 0.93))
    #expect(row(0.08, .atMost(0.05)).isKept == true && row(33.0 / 400, .atMost(0.05)).isKept == false)
    #expect(row(0.93, .atLeast(0.93), audits: 0).isKept == true)
    #expect(row(0.9299, .atLeast(0.93), audits: 0).isKept == false)
    #expect(row(0.5, .none).isKept == nil)
    #expect(row(0.5, .none).standardError == 0.025)
    let table = StudyTable(audits: 400, seed: 1, rows: [row(0.5, .none), row(0.1, .atMost(0.05))])
    #expect(table.broken == [row(0.1, .atMost(0.05))])
  }

  @Test("A width breaks its bound where it is too many times the oracle's, whatever the share")
  func widthBounds() {
    var wide = row(0.95, .atLeast(0.93))
    (wide.medianWidth, wide.oracleWidth) = (0.14, 0.1)
    #expect(wide.isKept == true)
    wide.widthBound = 1.35
    #expect(wide.isKept == false)
    wide.medianWidth = 0.134
    #expect(wide.isKept == true)
  }

  @Test("Rows that fall short are named with what they lack, and a table without any names none")
  func shortfalls() {
    let kept = StudyTable(audits: 400, seed: 1, rows: [row(0.04, .atMost(0.05))])
    #expect(kept.shortfallMarkdown == nil)
    let broken = StudyTable(audits: 400, seed: 1, rows: [row(0.04, .atMost(0.05)), row(0.1, .atMost(0.05))])
    #expect(
      broken.shortfallMarkdown == """
        | Section | Data | Measured | Falls short | Reason |
        | --- | --- | --- | --- | --- |
        | False reassurance: the harm equals the margin of 3 points | a harm | found | 10.0 %, ≤ 5 | not known yet |
        """)
  }

  @Test("The table is written with shares in points, their errors, and what does not keep its bound")
  func markdown() {
    let rows = [
      StudyRow(
        section: .clusters, data: "n = 50", measured: "accuracy covered", audits: 400, share: 0.8,
        bound: .atLeast(0.93), medianWidth: 0.123, oracleWidth: 0.1, widthBound: 1.35),
      StudyRow(
        section: .clusters, data: "n = 60", measured: "accuracy covered", audits: 0, share: 0.96,
        bound: .none, medianWidth: 0.1, oracleWidth: 0.1),
      StudyRow(
        section: .margin, data: "n = 70", measured: "declared", audits: 100, share: 0.02, bound: .atMost(0.05)),
    ]
    #expect(
      StudyTable(audits: 400, seed: 1, rows: rows).markdown == """
        ### Coverage of accuracy: few or unequal clusters

        | Data | Measured | Share of audits, % | Bound | Kept | Median width, points | Oracle's | Ratio | Bound |
        | --- | --- | --- | --- | --- | --- | --- | --- | --- |
        | n = 50 | accuracy covered | 80.0 ± 2.0 of 400 | ≥ 93 | **no** | 12.30 | 10.00 | 1.23 | ≤ 1.35 |
        | n = 60 | accuracy covered | 96.0 (exact) | none |  | 10.00 | 10.00 | 1.00 | none |

        ### False reassurance: the harm equals the margin of 3 points

        | Data | Measured | Share of audits, % | Bound | Kept |
        | --- | --- | --- | --- | --- |
        | n = 70 | declared | 2.0 ± 1.4 of 100 | ≤ 5 | yes |
        """)
  }

  @Test("The summary has one line a promise, with the worst share and the widths beside an oracle's")
  func summary() {
    func row(_ share: Double, _ bound: PromisedBound, _ width: Double) -> StudyRow {
      StudyRow(
        section: .seeds, data: "seeds", measured: "covered", audits: 400, share: share, bound: bound,
        medianWidth: width, oracleWidth: 0.1)
    }
    let rows = [
      row(0.95, .atLeast(0.93), 0.11), row(0.82, .atLeast(0.93), 0.09), row(0.97, .atLeast(0.93), 0.13),
      row(0.5, .none, 0.9),
      StudyRow(section: .margin, data: "harm", measured: "declared", audits: 9, share: 0.04, bound: .atMost(0.05)),
    ]
    #expect(
      StudyTable(audits: 400, seed: 1, rows: rows).summaryMarkdown == """
        | Promise | Bound, % | Worst share, % | Rows that keep it | Width over the oracle's |
        | --- | --- | --- | --- | --- |
        | Coverage over seeds on fixed items | ≥ 93 | 82.0 | 2 of 3 | 0.90 to 1.30, median 1.10 |
        | False reassurance: the harm equals the margin of 3 points | ≤ 5 | 4.0 | 1 of 1 |  |
        """)
  }

  @Test("Progress names each scenario before it runs")
  func progress() throws {
    var told: [StudyProgress] = []
    _ = try Study.table(of: Array(Self.few.prefix(2)), audits: 1, seed: 1, threads: 1) { told.append($0) }
    #expect(
      told == [
        StudyProgress(finished: 0, scenarios: 2, next: Self.few[0].name),
        StudyProgress(finished: 1, scenarios: 2, next: Self.few[1].name),
      ])
  }

  @Test("A table of no audits, without threads or of impossible data is refused by name")
  func refused() {
    #expect(throws: StudyError.audits(0)) { try Study.table(audits: 0, seed: 1, threads: 1) }
    #expect(throws: StudyError.threads(0)) { try Study.table(audits: 1, seed: 1, threads: 0) }
    #expect(throws: StudyError.unreachable(what: "a discordance of", value: 0.5)) {
      try CorrectnessModel.paired(accuracy: 0.9, differences: [0], discordance: 0.5, seeds: 5)
    }
  }
}
