import ArgumentParser
import Audit
import Checkpoints
import Diagnostics
import Foundation
import Support

/// Shows what this machine is missing for an audit.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Show what this machine is missing for an audit, and what to do about it.",
    discussion: "Exit code 0 if an audit can run, 1 if something that it needs is missing.")

  @Option(help: "The folder for an audit's results.", completion: .directory)
  var output: String = "."

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws { try PathOptions.requireNotEmpty(["--output": output]) }

  func run() throws {
    var cache: String?
    var cacheProblem: String?
    do { cache = try CacheFolder.root() } catch { cacheProblem = "\(error)" }
    let probe = Probe(output: output, cache: cache, cacheProblem: cacheProblem, worker: Self.worker)
    let diagnosis = Diagnosis(probe.findings())
    if json {
      print(try diagnosis.json)
    } else {
      for line in diagnosis.lines(isColored: Terminal.isColored) { print(line) }
    }
    if !diagnosis.canRunAudit { throw ExitCode(.failure) }
  }

  private static var worker: Result<String, Probe.WorkerAbsence> {
    do throws(AuditError) {
      return .success(try WorkerProgram.path())
    } catch {
      return .failure(Probe.WorkerAbsence(reason: error.description))
    }
  }
}

/// The terminal that standard output may be.
enum Terminal {
  /// Whether it shows colours and the user has not switched them off (no-color.org).
  static var isColored: Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(1) != 0 && environment["TERM"] != "dumb" && (environment["NO_COLOR"] ?? "").isEmpty
  }
}
