import Metrics
import SimulationStudy
import Testing

@Suite struct StudyTableTests {
  private static let few = [
    Study.accuracyScenario(items: 50, accuracy: 0.9, seeds: 5, clusterSize: 4, correlation: 0.3),
    Study.rateScenario(items: 60, seeds: 2, clusterSize: 2, correlation: 0.3),
    Study.differenceScenario(items: 40, difference: -0.03, scheme: .clusters),
    Study.familyScenario(arms: 2, size: 24, scheme: .clusters),
    Study.spreadScenario(seeds: 1, clusterSize: 4, correlation: 0.3),
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

  @Test("Every promise of the table is in it, and every scenario draws from a stream of its own")
  func scenarios() {
    let scenarios = Study.scenarios
    #expect(Set(scenarios.map(\.section)) == Set(StudySection.allCases))
    #expect(Set(scenarios.map { "\($0.section): \($0.name)" }).count == scenarios.count)
  }

  @Test("A share keeps its bound by itself, whatever its Monte Carlo error")
  func bounds() {
    func row(_ share: Double, _ bound: PromisedBound) -> StudyRow {
      StudyRow(section: .margin, data: "a harm", measured: "found", audits: 400, share: share, bound: bound)
    }
    #expect(row(0.93, .atLeast(0.93)).isKept == true && row(0.9299, .atLeast(0.93)).isKept == false)
    #expect(row(0.05, .atMost(0.05)).isKept == true && row(0.0501, .atMost(0.05)).isKept == false)
    #expect(row(0.5, .none).isKept == nil)
    #expect(row(0.5, .none).standardError == 0.025)
    let table = StudyTable(audits: 400, seed: 1, rows: [row(0.5, .none), row(0.1, .atMost(0.05))])
    #expect(table.broken == [row(0.1, .atMost(0.05))])
  }

  @Test("The table is written with shares in points, their errors, and what does not keep its bound")
  func markdown() {
    let rows = [
      StudyRow(
        section: .accuracy, data: "n = 50", measured: "accuracy covered", audits: 400, share: 0.9,
        bound: .atLeast(0.93), meanWidth: 0.123, oracleWidth: 0.1),
      StudyRow(
        section: .accuracy, data: "n = 60", measured: "accuracy covered", audits: 0, share: 0.96,
        bound: .none, meanWidth: 0.1, oracleWidth: 0.1),
      StudyRow(
        section: .margin, data: "n = 70", measured: "declared", audits: 100, share: 0.02, bound: .atMost(0.05)),
    ]
    #expect(
      StudyTable(audits: 400, seed: 1, rows: rows).markdown == """
        ### Coverage of accuracy

        | Data | Measured | Share of audits, % | Bound | Kept | Mean width, points | Oracle's |
        | --- | --- | --- | --- | --- | --- | --- |
        | n = 50 | accuracy covered | 90.0 ± 1.5 of 400 | ≥ 93 | **no** | 12.30 | 10.00 |
        | n = 60 | accuracy covered | 96.0 (exact) | none |  | 10.00 | 10.00 |

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
        meanWidth: width, oracleWidth: 0.1)
    }
    let rows = [
      row(0.95, .atLeast(0.93), 0.11), row(0.92, .atLeast(0.93), 0.09), row(0.97, .atLeast(0.93), 0.13),
      row(0.5, .none, 0.9),
      StudyRow(section: .margin, data: "harm", measured: "declared", audits: 9, share: 0.04, bound: .atMost(0.05)),
    ]
    #expect(
      StudyTable(audits: 400, seed: 1, rows: rows).summaryMarkdown == """
        | Promise | Bound, % | Worst share, % | Rows that keep it | Width over the oracle's |
        | --- | --- | --- | --- | --- |
        | Coverage over seeds | ≥ 93 | 92.0 | 2 of 3 | 0.90 to 1.30, median 1.10 |
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
