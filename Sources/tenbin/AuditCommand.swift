import ArgumentParser
import Coordinator
import Wire

/// An audit with workers of its own.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Run an audit with worker processes on this machine.",
    discussion: "The same command again goes on where an earlier one stopped.")

  @Argument(help: "The specification, a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var specification: String

  @Option(help: "Worker processes to start; the specification's cluster.workers when left out.")
  var workers: Int?

  @Option(help: "The folder for results, checkpoints and the ledger.", completion: .directory)
  var output: String?

  @Option(help: "Where workers connect, for example tcp://127.0.0.1:5555; a private socket when left out.")
  var listen: String?

  @Flag(help: "Print the memory, disk and time that the specification will need; start nothing, write nothing.")
  var dryRun = false

  @Flag(help: "Print JSON; only with --dry-run.")
  var json = false

  func validate() throws {
    if output == nil, !dryRun { throw ValidationError("Missing expected argument '--output <output>'") }
    if json, !dryRun { throw ValidationError("--json goes with --dry-run") }
    if let workers, !(1...1024).contains(workers) { throw ValidationError("--workers must be from 1 to 1024") }
  }

  func run() throws {
    guard let output, !dryRun else {
      return try DryRun.run(specification: specification, workers: workers, output: output, json: json)
    }
    try Session.run(
      specification: specification, output: output, localWorkers: { workers ?? $0 }, listen: listen, patience: 60)
  }
}

/// An audit whose workers are started by hand.
struct CoordinatorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coordinator", abstract: "Run an audit whose workers are started elsewhere.")

  @Argument(help: "The specification, a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var specification: String

  @Option(help: "Where workers connect, for example tcp://127.0.0.1:5555 or ipc:///tmp/tenbin.sock.")
  var listen: String

  @Option(help: "The folder for results, checkpoints and the ledger.", completion: .directory)
  var output: String

  @Option(help: "Seconds to wait when there is no worker.")
  var wait: Int = 300

  func validate() throws {
    if !(1...1_000_000).contains(wait) { throw ValidationError("--wait must be from 1 to 1000000 seconds") }
  }

  func run() throws {
    try Session.run(
      specification: specification, output: output, localWorkers: { _ in 0 }, listen: listen, patience: wait)
  }
}
