import ArgumentParser

/// The command that a user types.
@main
struct Tenbin: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenbin",
    abstract: "Measures what a cheaper way of adapting a large model costs the people it serves.",
    discussion: """
      Adapts one pretrained model in several ways (LoRA at several ranks, all weights, a new head only) on a cluster of \
      worker processes. For every way and every subgroup it measures accuracy, errors, calibration and resistance to \
      membership inference, and what each way cost.
      """,
    version: "0.1.0",
    subcommands: [
      QuickstartCommand.self, InitCommand.self, AuditCommand.self, CoordinatorCommand.self, WorkerCommand.self,
      ReducerCommand.self,
      PredictCommand.self,
      ModelCommand.self, BenchCommand.self, StatusCommand.self, ScaleCommand.self, DrainCommand.self, StopCommand.self,
      VerifyCommand.self, KeysCommand.self, DoctorCommand.self, EvaluateCommand.self, AttackCommand.self,
      PowerCommand.self,
      GateCommand.self, CompareCommand.self, RemedyCommand.self, MonitorCommand.self,
      SimulateCommand.self,
    ])

  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if let problem = problem(in: arguments) { exit(withError: ValidationError(problem)) }
    main(arguments)
  }

  private static let movedCommands = ["planted-truths": "simulate"]

  /// What is wrong with the name of the command; the parser would speak of an unexpected argument.
  private static func problem(in arguments: [String]) -> String? {
    let words = arguments.first == "help" ? arguments.dropFirst() : arguments[...]
    guard let name = words.first, !name.hasPrefix("-") else { return nil }
    if let new = movedCommands[name] { return "the command \(name) is now called \(new)" }
    let known = configuration.subcommands.compactMap { $0.configuration.commandName }
    return known.contains(name) ? nil : "there is no command \"\(name)\"; tenbin --help lists those there are"
  }
}
