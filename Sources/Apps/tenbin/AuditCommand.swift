import ArgumentParser
import Audit
import Logging
import Transport

/// Options of a coordinator, no matter how its workers are started.
struct ConductOptions: ParsableArguments {
  @Option(
    help: "The folder of keys made by `tenbin keys`; needed to listen on a network.", completion: .directory)
  var keys: String?

  @Option(
    help: ArgumentHelp(
      "The share of work that two workers compute and the coordinator compares bit for bit; default: cluster.duplicates of the specification.",
      discussion: "A worker that computes wrong results is found and quarantined. The share never changes the results.")
  )
  var duplicates: Double?

  @Flag(inversion: .prefixedNo, help: "Share memory with the workers of this host.")
  var sharedMemory = true

  @OptionGroup var log: LogOptions

  func validate() throws {
    try PathOptions.requireNotEmpty(["--keys": keys])
    if let duplicates, !(duplicates >= 0 && duplicates <= 1) {
      throw ValidationError("--duplicates must be from 0 to 1")
    }
  }

  func options(
    for inputs: AuditInputs, output: String, workers: Int, listen: String?, patience: Int, chaos: Double? = nil
  ) throws -> AuditOptions {
    AuditOptions(
      output: output, localWorkers: workers, logLevel: log.logLevel.rawValue,
      address: try listen.map { try Address($0) },
      security: try keys.map { try KeyFolder(path: $0).serverSecurity() }, patience: .seconds(patience),
      sharesMemory: sharedMemory, chaos: chaos.map { .seconds($0) }, duplicates: duplicates ?? inputs.plannedDuplicates,
      slicesFrom: inputs.plannedSlices)
  }
}

/// An audit with workers of its own.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Run an audit with worker processes on this machine.",
    discussion: "The same command resumes an audit that was stopped. Ctrl-C stops it as `tenbin stop` does.")

  @Argument(help: "The specification, a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var specification: String

  @Option(help: "Worker processes to start; default: cluster.workers of the specification.")
  var workers: Int?

  @Option(help: "Where workers connect, for example tcp://127.0.0.1:5555; default: a private socket.")
  var listen: String?

  @Option(
    help: "The folder for results, checkpoints and the ledger; only --dry-run does without.", completion: .directory)
  var output: String?

  @Flag(help: "Print the memory, disk and time that the audit will need; start nothing and write nothing.")
  var dryRun = false

  @Flag(help: "Print JSON; only with --dry-run.")
  var json = false

  @Option(
    help: "Test recovery: kill, stop and restart random workers of the audit, every CHAOS seconds on average.")
  var chaos: Double?

  @OptionGroup var conduct: ConductOptions

  func validate() throws {
    try PathOptions.requireNotEmpty(["--output": output])
    if output == nil, !dryRun {
      throw ValidationError("name the folder for the results with --output, or use --dry-run")
    }
    if json, !dryRun { throw ValidationError("--json needs --dry-run") }
    if let workers, !(1...1024).contains(workers) { throw ValidationError("--workers must be from 1 to 1024") }
    if let chaos, !(chaos >= 0.1 && chaos <= 1e6) {
      throw ValidationError("--chaos must be from 0.1 to 1000000 seconds")
    }
  }

  func run() throws {
    guard let output, !dryRun else {
      return try DryRun.run(specification: specification, workers: workers, output: output, json: json)
    }
    conduct.log.start()
    try Session.run(specification: specification) { inputs in
      try conduct.options(
        for: inputs, output: output, workers: workers ?? inputs.plannedWorkers, listen: listen, patience: 60,
        chaos: chaos)
    }
  }
}

/// An audit whose workers the user starts.
struct CoordinatorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coordinator", abstract: "Run an audit whose workers you start yourself, on this or other hosts.")

  @Argument(help: "The specification, a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var specification: String

  @Option(help: "Where workers connect, for example tcp://127.0.0.1:5555 or ipc:///tmp/tenbin.sock.")
  var listen: String

  @Option(help: "The folder for results, checkpoints and the ledger.", completion: .directory)
  var output: String

  @Option(help: "Seconds without any worker after which the audit gives up.")
  var wait: Int = 300

  @OptionGroup var conduct: ConductOptions

  func validate() throws {
    try PathOptions.requireNotEmpty(["--output": output])
    if !(1...1_000_000).contains(wait) { throw ValidationError("--wait must be from 1 to 1000000 seconds") }
  }

  func run() throws {
    conduct.log.start()
    try Session.run(specification: specification) { inputs in
      try conduct.options(for: inputs, output: output, workers: 0, listen: listen, patience: wait)
    }
  }
}
