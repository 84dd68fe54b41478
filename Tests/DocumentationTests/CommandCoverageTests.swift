import Foundation
import TestSupport
import Testing

/// Every command that the documentation shows is run by a test, or stands here with the reason why it is not.
@Suite struct CommandCoverageTests {
  private enum Coverage {
    /// By a suite of Tests/EndToEndTests that reads the command from its page.
    case run(by: String)
    /// By a suite that runs the same command with paths and settings of its own.
    case like(String)
    case notRun(because: String)
  }

  private static let wholeBuild = "builds the package; whoever runs the tests has just done so"
  private static let realCluster = "needs a cluster with a scheduler, or other hosts"
  private static let realSizes = "measures for minutes, or needs gigabytes of memory; its options are checked"
  private static let realData = "needs data that cannot be shipped"

  /// By page, the commands or how they begin; the longest beginning counts.
  private static let coverage: [String: [(String, Coverage)]] = [
    "README.md": [
      ("scripts/quickstart", .notRun(because: wholeBuild)), ("scripts/test", .notRun(because: wholeBuild)),
      ("tenbin init data.csv", .like("InitTests")),
      ("tenbin audit audit.yaml", .like("DocumentedCommandsTests")),
    ],
    "CONTRIBUTING.md": [
      ("scripts/test", .notRun(because: wholeBuild)), ("swift ", .notRun(because: wholeBuild)),
      ("scripts/generate-messages", .notRun(because: "scripts/test runs it with --check")),
      (".python/bin/python scripts/oracles/fairness.py", .notRun(because: "writes a golden file that is committed")),
      ("scripts/draw-layers", .notRun(because: "ArchitectureTests compare what it has written")),
      ("scripts/measure-tree", .notRun(because: "counts files; no figure of it is claimed")),
    ],
    "docs/first-audit.md": [
      ("tenbin init", .run(by: "DocumentedCommandsTests")), ("tenbin doctor", .run(by: "DocumentedCommandsTests")),
      ("tenbin audit smile.yaml", .run(by: "DocumentedCommandsTests")),
      ("tenbin predict", .run(by: "DocumentedCommandsTests")),
      ("tenbin quickstart", .like("QuickstartTests")), ("tenbin audit reviews/audit.yaml", .like("QuickstartTests")),
      ("tenbin audit questions/audit.yaml", .like("QuickstartTests")),
    ],
    "docs/running.md": [
      ("tenbin --generate-completion-script", .like("CompletionTests")),
      ("tenbin ", .run(by: "DocumentedCommandsTests")),
    ],
    "docs/several-hosts.md": [
      ("tenbin ", .run(by: "SeveralHostsTests")), ("sbatch", .notRun(because: realCluster)),
      ("kubectl", .notRun(because: realCluster)), ("Deploy/ssh/workers", .notRun(because: realCluster)),
    ],
    "docs/external-models.md": [
      ("tenbin attack", .run(by: "AttackTests")), ("tenbin evaluate", .run(by: "EvaluateTests")),
      ("tenbin gate", .run(by: "EvaluateTests")), ("tenbin compare", .run(by: "EvaluateTests")),
      ("tenbin power", .run(by: "EvaluateTests")),
    ],
    "docs/mitigation-and-monitoring.md": [("tenbin ", .run(by: "ReleaseTests"))],
    "docs/models.md": [
      ("tenbin ", .run(by: "DocumentedCommandsTests")), ("scripts/random-checkpoint", .like("ModelCommandTests")),
    ],
    "docs/performance.md": [
      ("tenbin bench", .notRun(because: realSizes)), ("scripts/random-checkpoint", .like("ModelCommandTests")),
      ("scripts/measure-recovery", .notRun(because: "kills processes for minutes and measures seconds")),
    ],
    "docs/reproducing-the-study.md": [
      ("scripts/prepare-", .notRun(because: "ScriptsTests run it on small files of the same form")),
      ("tenbin audit", .notRun(because: realData)),
    ],
    "docs/simulation-study.md": [
      ("tenbin simulate", .notRun(because: "takes a quarter of an hour; SimulationStudyTests run its parts"))
    ],
  ]

  @Test("Every command of every page is run by a test, or has a reason why it is not")
  func commands() throws {
    for page in try Documentation.pages() {
      for command in try Documentation.commandLines(in: page) {
        let known = Self.coverage[page]?.contains { command.hasPrefix($0.0) } ?? false
        #expect(known, "\(page): no test knows: \(command)")
      }
    }
  }

  @Test("Nothing is listed that no page shows, and every suite that is named exists and reads its page")
  func suites() throws {
    for (page, entries) in Self.coverage {
      let lines = try Documentation.commandLines(in: page)
      for (beginning, coverage) in entries {
        // A page may show a command in prose or in an indented block.
        let isShown =
          try lines.contains { $0.hasPrefix(beginning) } || Documentation.text(of: page).contains(beginning)
        #expect(isShown, "\(page) no longer shows: \(beginning)")
        switch coverage {
        case .run(let suite):
          #expect(try Self.text(of: suite).contains("\"\(page)\""), "\(suite) does not read \(page)")
        case .like(let suite): #expect(try !Self.text(of: suite).isEmpty)
        case .notRun: break
        }
      }
    }
  }

  private static func text(of suite: String) throws -> String {
    try String(
      contentsOf: Repository.root.appending(path: "Tests/EndToEndTests/\(suite).swift"), encoding: .utf8)
  }
}
