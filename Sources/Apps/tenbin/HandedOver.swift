import ArgumentParser
import Audit
import Foundation
import Support

/// Replaces this process by `tenbin-worker`, which links libtorch, with the same command.
///
/// - Returns: never, unless the program cannot be started.
func handOver(_ arguments: [String]) throws {
  do {
    let executable = try WorkerProgram.path()
    var words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
    words.append(nil)
    execv(executable, words)
    throw AuditError(.failure, "\(executable) cannot be started: \(String(cString: strerror(errno)))")
  } catch let error as AuditError {
    FileHandle.standardError.write(Data("error: \(error)\n".utf8))
    throw ExitCode(CommandStatus(of: error, otherwise: .failure))
  }
}

/// Starts a worker by hand.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Run a worker for a coordinator.",
    discussion: "Runs tenbin-worker; see tenbin-worker worker --help for its options.")

  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

  func run() throws { try handOver(["worker"] + arguments) }
}

/// Predicts with a checkpoint or adapter.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Compute logits or probabilities with a checkpoint or adapter.",
    discussion: "Runs tenbin-worker; see tenbin-worker predict --help for its options.")

  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

  func run() throws { try handOver(["predict"] + arguments) }
}

/// Commands about a single checkpoint.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Work with a checkpoint: describe it, tokenize, generate, merge an adapter.",
    discussion: "Runs tenbin-worker; see tenbin-worker model --help for its commands.")

  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

  func run() throws { try handOver(["model"] + arguments) }
}

/// Benchmarks.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure speed.",
    discussion: "Runs tenbin-worker; see tenbin-worker bench --help for its commands.")

  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

  func run() throws { try handOver(["bench"] + arguments) }
}
