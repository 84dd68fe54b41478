import ArgumentParser

/// The commands that need libtorch; `tenbin` hands them over.
@main
struct TenbinWorker: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenbin-worker", abstract: "The part of Tenbin that computes with models.",
    subcommands: [WorkerCommand.self, PredictCommand.self, ModelCommand.self, BenchCommand.self])

  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.starts(with: ["bench", "fleet"]) {
      exit(withError: ValidationError("the command bench fleet is now called bench shadow-models"))
    }
    main(arguments)
  }
}
