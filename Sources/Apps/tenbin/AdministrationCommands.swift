import ArgumentParser
import Audit
import Foundation
import Support
import SwiftProtobuf
import Transport

/// The running audit that a command addresses.
struct RunningAudit: ParsableArguments {
  @Argument(help: "The audit's output folder; default: the audit that runs below the current folder.")
  var output: String?

  @Option(help: "The address of a coordinator on another host, for example tcp://host:5555; needs --key.")
  var connect: String?

  @Option(help: "An administrator's key file, made by `tenbin keys admin`.", completion: .file())
  var key: String?

  /// Seconds to wait for an answer.
  private static let patience = 10.0

  func validate() throws {
    try PathOptions.requireNotEmpty(["<output>": output, "--key": key])
    if connect == nil, key != nil { throw ValidationError("--key belongs to --connect") }
    // Only the administration socket, which no other user can reach, answers without a key.
    if let connect, key == nil, !connect.hasPrefix("ipc:") {
      throw ValidationError("--connect \(connect) needs --key; an administrator's key is made by: tenbin keys admin")
    }
  }

  func ask(_ body: Tenbin_AdministrationRequest.OneOf_Body) throws -> Tenbin_AdministrationReply.OneOf_Body {
    let client: AdministrationClient
    if let connect {
      client = AdministrationClient(
        address: try Address(connect), security: try key.map { try ClientSecurity(file: $0) })
    } else {
      client = AdministrationClient(address: try Address(try RuntimeFolder(ofRunning: output).administration))
    }
    do {
      switch try client.ask(body, timeout: Self.patience).body {
      case .refused(let reason)?: throw AuditError(.failure, reason)
      case nil: throw AuditError(.failure, "the coordinator's answer cannot be read; is it of the same version?")
      case let answer?: return answer
      }
    } catch let error as WireError {
      throw AuditError(error.exitStatus == .wrongInput ? .configuration : .unreachable, "\(error)")
    }
  }

  /// Asks for something to be done; prints what is done about it.
  func command(_ body: Tenbin_AdministrationRequest.OneOf_Body) throws {
    try Session.reportingErrors {
      switch try ask(body) {
      case .done(let text): print(text)
      case .status, .refused: throw AuditError(.failure, "the coordinator's answer does not match the request")
      }
    }
  }
}

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show a running audit: workers, leases, runs, speed and time left.")

  @Flag(help: "Keep showing it until it ends.")
  var watch = false

  @Flag(help: "Print JSON, one object for each update.")
  var json = false

  @OptionGroup var audit: RunningAudit

  func run() throws {
    try Session.reportingErrors {
      let isTerminal = isatty(1) != 0
      var shown = 0
      repeat {
        let status: Tenbin_AuditStatus
        do {
          guard case .status(let found) = try audit.ask(.status(Tenbin_StatusRequest())) else {
            throw AuditError(.failure, "the coordinator answered something other than it was asked")
          }
          status = found
        } catch let error as AuditError where watch && shown > 0 && error.kind == .unreachable {
          // The watched audit has ended.
          return
        }
        var text = json ? try StatusText.json(status) : StatusText.table(status)
        // Clear the screen and start at its top.
        if watch, !json, isTerminal { text = "\u{1B}[H\u{1B}[2J" + text }
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
        shown += 1
        if watch { Thread.sleep(forTimeInterval: 1) }
      } while watch
    }
  }
}

struct ScaleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scale", abstract: "Change the number of local workers of a running audit.")

  @Argument(help: "The number of workers.")
  var workers: Int

  @OptionGroup var audit: RunningAudit

  func validate() throws {
    if !(0...1024).contains(workers) { throw ValidationError("the number of workers must be from 0 to 1024") }
  }

  func run() throws { try audit.command(.scale(.with { $0.workers = UInt32(workers) })) }
}

struct DrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain", abstract: "Let a worker finish its leases and end.")

  @Argument(help: "The worker's name, as `tenbin status` shows it.")
  var name: String

  @OptionGroup var audit: RunningAudit

  func run() throws { try audit.command(.drain(.with { $0.name = name })) }
}

struct StopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "Stop a running audit; the command that started it resumes it.")

  @OptionGroup var audit: RunningAudit

  func run() throws { try audit.command(.stop(Tenbin_StopRequest())) }
}
