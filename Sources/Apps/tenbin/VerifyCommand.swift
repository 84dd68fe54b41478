import ArgumentParser
import Audit
import Ledger

/// Proof from what an audit has left behind.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove from an audit's ledger that every sample counted exactly once, and compute a step again.",
    discussion: """
      Looks at every planned run: its steps have no gaps, the micro-batches that were applied to each are all there and \
      none twice, they came from who was lent them, and every epoch adds up to the run's samples. Then a worker process \
      computes one run again from its first step to a drawn one, and the bits are compared. Where a search chose the \
      settings, its ledger is verified first in the same way. Ends with 0 when everything holds, and with 1 else.
      """)

  @Argument(help: "The audit's output folder; it may be running.", completion: .directory)
  var output: String

  @Option(
    help: "The specification; where it was when the audit was started last when left out.",
    completion: .file(extensions: ["yaml", "yml"]))
  var specification: String?

  @Option(help: "The step to compute again, as RUN:STEP, for example full/seed-13:7; drawn when left out.")
  var step: String?

  @Option(help: "A drawn step is among the first so many of its run; 0 computes none again.")
  var steps = 20

  @Flag(help: "End with 1 when no step could be computed again.")
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
      // A step that somebody names is of the audit unless only its search has that run.
      let isOfSearch = choice.map { choice in search?.has(run: choice.run) == true } ?? false
      let searched = try search.map { try part($0, choice: isOfSearch ? choice : nil, display) }
      let text = VerificationText(
        try part(verification, choice: isOfSearch ? nil : choice, display), search: searched,
        lacksSearch: verification.lacksSearch, isStrict: strict)
      display.finish()
      print(json ? try text.json : text.lines.joined(separator: "\n"))
      if !text.holds { throw ExitCode(1) }
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
