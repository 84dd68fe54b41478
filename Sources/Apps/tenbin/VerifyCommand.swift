import ArgumentParser
import Audit
import Ledger
import Support

/// Verifies an audit from its output folder.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check in an audit's ledger that every sample counted exactly once, and recompute a step.",
    discussion: """
      For every planned run it checks that no step is missing, that each step applied every micro-batch exactly once, \
      that each came from the worker it was assigned to, and that every epoch adds up to the run's samples. A worker \
      process then recomputes one run from its first step to a random one, and the bits are compared. If a search chose \
      the settings, its ledger is verified first in the same way. Exit code 0 if everything holds, otherwise 1.
      """)

  @Argument(help: "The audit's output folder; it may be running.", completion: .directory)
  var output: String

  @Option(
    help: "The specification; default: the file that the audit was last started with.",
    completion: .file(extensions: ["yaml", "yml"]))
  var specification: String?

  @Option(help: "The step to recompute, as RUN:STEP, for example full/seed-13:7; default: a random one.")
  var step: String?

  @Option(help: "A random step is among the first N of its run; 0 recomputes none.")
  var steps = 20

  @Flag(help: "Exit with code 1 if no step could be recomputed.")
  var strict = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    try PathOptions.requireNotEmpty(["<output>": output, "--specification": specification])
    if !(0...1_000_000).contains(steps) { throw ValidationError("--steps must be from 0 to 1000000") }
    if step != nil, choice == nil { throw ValidationError("--step must be RUN:STEP, for example full/seed-13:7") }
  }

  private var choice: AuditVerification.Choice? {
    guard let step, let colon = step.lastIndex(of: ":"), let number = Int(step[step.index(after: colon)...]),
      number >= 0
    else { return nil }
    return AuditVerification.Choice(run: String(step[..<colon]), step: number)
  }

  func run() throws {
    let display = ProgressDisplay()
    try Session.reportingErrors(display) {
      let verification = try AuditVerification(output: output)
      let search = try verification.search()
      // A step that the user names belongs to the audit, unless only its search has that run.
      let isOfSearch = choice.map { choice in search?.has(run: choice.run) == true } ?? false
      let searched = try search.map { try part($0, choice: isOfSearch ? choice : nil, display) }
      let text = VerificationText(
        try part(verification, choice: isOfSearch ? nil : choice, display), search: searched,
        isMissingSearch: verification.isMissingSearch, isStrict: strict)
      display.finish()
      print(json ? try text.json : text.lines.joined(separator: "\n"))
      if !text.holds { throw ExitCode(.failure) }
    }
  }

  private func part(
    _ verification: AuditVerification, choice: AuditVerification.Choice?, _ display: ProgressDisplay
  ) throws -> VerificationText.Part {
    let recomputed: AuditVerification.Recomputed =
      if steps == 0, choice == nil {
        .notChecked(reason: "--steps is 0")
      } else if verification.counts.steps == 0 {
        .notChecked(reason: "the ledger holds no step")
      } else {
        try verification.recompute(specification: specification, choice: choice, limit: steps) { display.line($0) }
      }
    return VerificationText.Part(verification: verification, recomputed: recomputed)
  }
}
