import ArgumentParser
import Audit
import Datasets
import Foundation
import SimulationStudy
import Support

/// The simulation study: coverage, type I error and power.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Run the simulation study: coverage, type I error and power on data whose truth is known.",
    discussion: """
      Data with known effects are drawn many times and evaluated by the code of real audits. Prints one line for each \
      promise; --output writes every row as Markdown. Exit code 1 when a row falls short.
      """)

  @Option(help: "Simulated audits per scenario. Expensive scenarios run fewer; the table states how many.")
  var audits: Int = 2_000

  @Option(help: "The random seed.")
  var seed: Int = 1

  @Option(help: "Audits that run at the same time (default: one per core).")
  var threads: Int?

  @Option(help: "A Markdown file for the whole table.", completion: .file(extensions: ["md"]))
  var output: String?

  func validate() throws { try PathOptions.requireNotEmpty(["--output": output]) }

  func run() throws {
    let display = ProgressDisplay()
    let table = try Session.reportingErrors(otherwise: .usage) {
      try Study.table(
        audits: audits, seed: seed, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount
      ) { progress in
        display.line("\(progress.finished) of \(progress.scenarios): \(progress.next)")
      }
    }
    display.finish()
    print(table.summaryMarkdown)
    let shortfalls = table.shortfallMarkdown.map { "## Rows that fall short\n\n" + $0 }
    if let shortfalls { print("\n" + shortfalls) }
    if let output {
      let parts = [Self.introduction(audits, seed) + table.summaryMarkdown, shortfalls, table.markdown]
      let document = parts.compactMap(\.self).joined(separator: "\n\n") + "\n"
      try Session.reportingErrors { try DurableFile.write(Array(document.utf8), to: output) }
    }
    if !table.broken.isEmpty { throw ExitCode(.failure) }
  }

  private static func introduction(_ audits: Int, _ seed: Int) -> String {
    """
    # Simulation study

    Coverage of the intervals, type I error and power of the tests, on data whose truth is known: data with known effects
    are drawn many times and evaluated by the code of real audits. Made by

    ```sh
    tenbin simulate --audits \(audits) --seed \(seed) --output docs/simulation-study.md
    ```

    A share has its Monte Carlo standard error beside it. A row falls short where the shares that its audits leave plausible
    (Clopper and Pearson's interval of 99 %) exclude the bound. With one or two seeds the truth is that of these very models,
    from three on that of the method. Widths are medians over the 95 % intervals, beside those of an oracle that uses the same
    formula with the true components of the variance; the ratio is bounded where there are ten clusters or more and ten of
    them hold an error, or a difference to each side. A row without a bound promises nothing and is shown for information.


    """
  }
}
