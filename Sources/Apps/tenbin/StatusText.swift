import Foundation
import Support
import Transport

/// The status of a running audit, for people and for programs.
enum StatusText {
  static func json(_ status: Tenbin_AuditStatus) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(Status(status)), as: UTF8.self)
  }

  static func table(_ status: Tenbin_AuditStatus) -> String {
    let share = status.samples > 0 ? Double(status.samplesDone) / Double(status.samples) : 0
    let left = status.secondsLeft >= 0 ? ", about \(TimeSpan.text(seconds: status.secondsLeft)) left" : ""
    var lines = [
      "\(status.name) in \(status.output) (process \(status.process), running for \(TimeSpan.text(seconds: status.secondsRunning)))",
      "\(Int(share * 100)) %  [\(status.phaseNumber)/\(status.phases)] \(status.phase)  "
        + (status.samplesPerSecond > 0 ? "\(Int(status.samplesPerSecond)) samples/s" : "no speed known yet") + left,
      "\(status.stepsCommitted) steps in this session, \(ByteCount.text(Int(clamping: status.bytesSent))) sent, \(ByteCount.text(Int(clamping: status.bytesReceived))) received",
      "workers connect to \(status.address)", "",
    ]
    lines += aligned(
      [["WORKER", "PROCESS", "STATE", "UNITS", "UNITS/S", "MEMORY", "HOLDS"]]
        + status.workers.map { worker in
          [
            worker.name + (worker.isLocal ? "" : " (\(worker.sharesMemory ? "this host" : "elsewhere"))"),
            "\(worker.process)", worker.state, "\(worker.unitsDone)",
            worker.rate >= 0 ? decimal(worker.rate) : "–",
            worker.peakResidentBytes > 0 ? ByteCount.text(Int(clamping: worker.peakResidentBytes)) : "–",
            worker.holds.isEmpty ? "–" : worker.holds,
          ]
        })
    if !status.reducers.isEmpty {
      lines.append("")
      lines += aligned(
        [["REDUCER", "PROCESS", "PARAMETERS", "SENT", "RECEIVED", "ADDRESS"]]
          + status.reducers.map { reducer in
            [
              reducer.name, "\(reducer.process)", "\(reducer.elements)",
              ByteCount.text(Int(clamping: reducer.bytesSent)), ByteCount.text(Int(clamping: reducer.bytesReceived)),
              reducer.endpoint,
            ]
          })
    }
    let open = status.runs.filter { !["waiting", "done"].contains($0.state) }
    let (done, waiting) = (status.runs.count { $0.state == "done" }, status.runs.count { $0.state == "waiting" })
    lines += ["", "\(status.runs.count) runs: \(done) done, \(open.count) under way, \(waiting) waiting"]
    if !open.isEmpty {
      lines += aligned(
        [["RUN", "STATE", "STEP"]] + open.map { [$0.identifier, $0.state, step($0)] })
    }
    if !status.refusals.isEmpty {
      lines += ["", "refused:"] + status.refusals.map { "  \($0.count) × \($0.reason)" }
    }
    return lines.joined(separator: "\n")
  }

  /// One worker computes all steps of an assigned run, and tells how far it is when it is done.
  private static func step(_ run: Tenbin_RunStatus) -> String {
    run.state == "assigned" && run.step == 0 && run.steps > 0
      ? "all \(run.steps) at its worker" : "\(run.step) of \(run.steps)"
  }

  private static func aligned(_ rows: [[String]]) -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, text in
        column + 1 == columns ? text : text + String(repeating: " ", count: widths[column] - text.count)
      }.joined(separator: "  ")
    }
  }

  private static func decimal(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

  /// The form of `tenbin status --json`; unknown values are null.
  private struct Status: Encodable {
    let name: String
    let output: String
    let process: Int
    let address: String
    let phase: String
    let phaseNumber: Int
    let phases: Int
    let samplesDone: Int
    let samples: Int
    let samplesPerSecond: Double
    let secondsLeft: Double?
    let secondsRunning: Double
    let stepsCommitted: Int
    let bytesSent: Int
    let bytesReceived: Int
    let workers: [Worker]
    let reducers: [Reducer]
    let runs: [Run]
    let refusals: [String: Int]

    struct Worker: Encodable {
      let name: String
      let process: Int
      let host: String
      let state: String
      let isLocal: Bool
      let sharesMemory: Bool
      let leases: Int
      let unitsDone: Int
      let unitsPerSecond: Double?
      let holds: String
      let peakResidentBytes: Int
    }

    struct Reducer: Encodable {
      let name: String
      let process: Int
      let address: String
      let parameters: Int
      let bytesSent: Int
      let bytesReceived: Int
    }

    struct Run: Encodable {
      let run: String
      let state: String
      let step: Int
      let steps: Int
    }

    init(_ status: Tenbin_AuditStatus) {
      name = status.name
      output = status.output
      process = Int(status.process)
      address = status.address
      phase = status.phase
      phaseNumber = Int(status.phaseNumber)
      phases = Int(status.phases)
      samplesDone = Int(status.samplesDone)
      samples = Int(status.samples)
      samplesPerSecond = status.samplesPerSecond
      secondsLeft = status.secondsLeft >= 0 ? status.secondsLeft : nil
      secondsRunning = status.secondsRunning
      stepsCommitted = Int(status.stepsCommitted)
      bytesSent = Int(status.bytesSent)
      bytesReceived = Int(status.bytesReceived)
      workers = status.workers.map {
        Worker(
          name: $0.name, process: Int($0.process), host: $0.host, state: $0.state, isLocal: $0.isLocal,
          sharesMemory: $0.sharesMemory, leases: Int($0.leases), unitsDone: Int($0.unitsDone),
          unitsPerSecond: $0.rate >= 0 ? $0.rate : nil, holds: $0.holds, peakResidentBytes: Int($0.peakResidentBytes))
      }
      reducers = status.reducers.map {
        Reducer(
          name: $0.name, process: Int($0.process), address: $0.endpoint, parameters: Int(clamping: $0.elements),
          bytesSent: Int(clamping: $0.bytesSent), bytesReceived: Int(clamping: $0.bytesReceived))
      }
      runs = status.runs.map {
        Run(run: $0.identifier, state: $0.state, step: Int($0.step), steps: Int($0.steps))
      }
      refusals = Dictionary(status.refusals.map { ($0.reason, Int($0.count)) }, uniquingKeysWith: +)
    }
  }
}
