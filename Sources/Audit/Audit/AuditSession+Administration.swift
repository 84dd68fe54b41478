internal import Coordinator
internal import Foundation
internal import Planning
internal import Scheduler
internal import Specification
internal import SwiftProtobuf
internal import Transport

// Answers to `tenbin status`, `scale`, `drain` and `stop`.
extension AuditSession {
  func answer(_ request: Tenbin_AdministrationRequest) throws -> Tenbin_AdministrationReply {
    switch request.body {
    case .status?: return .with { $0.status = status }
    case .scale(let scale)?: return try self.scale(to: Int(scale.workers))
    case .drain(let drain)?: return try self.drain(drain.name)
    case .stop?:
      isStopping = true
      return .with { $0.done = "the audit saves its states and ends; the same command resumes it" }
    case nil: return .with { $0.refused = "the request has no body" }
    }
  }

  private static let mostWorkers = 1_024

  private func scale(to wanted: Int) throws -> Tenbin_AdministrationReply {
    guard wanted <= Self.mostWorkers else {
      return .with { $0.refused = "at most \(Self.mostWorkers) workers can be started on one host" }
    }
    let before = localWorkers.count
    if wanted >= before {
      let started = try localWorkers.start(upTo: wanted)
      return .with {
        $0.done = started.isEmpty ? "there are \(before) workers already" : "started \(started.joined(separator: ", "))"
      }
    }
    let names = localWorkers.processes.filter { !$0.value.isLeaving }.keys.sorted(by: Self.isNumberedBefore)
    let leaving = Array(names.suffix(before - wanted))
    for name in leaving { try drainLocal(name) }
    return .with { $0.done = "\(leaving.joined(separator: ", ")) will finish their leases and end" }
  }

  /// Orders names by their number: worker-9 before worker-10.
  private static func isNumberedBefore(_ left: String, _ right: String) -> Bool {
    (left.count, left) < (right.count, right)
  }

  private func drain(_ name: String) throws -> Tenbin_AdministrationReply {
    if localWorkers.processes[name] != nil {
      try drainLocal(name)
      return .with { $0.done = "\(name) will finish its leases and end" }
    }
    let entries = eventLoop.workers.all.filter { $0.name == name || $0.identifier.description == name }
    guard !entries.isEmpty else {
      let known = eventLoop.workers.all.map(\.name).joined(separator: ", ")
      return .with { $0.refused = "no worker is called \(name)\(known.isEmpty ? "" : "; there are \(known)")" }
    }
    for entry in entries { try eventLoop.drain(entry) }
    return .with { $0.done = "\(name) will finish its leases and end" }
  }

  private func drainLocal(_ name: String) throws {
    guard let process = localWorkers.processes[name] else { return }
    localWorkers.markLeaving(name)
    if let entry = eventLoop.workers.worker(name: name, process: UInt32(process.identifier)) {
      try eventLoop.drain(entry)
    } else {
      // It has not joined yet and holds no lease.
      kill(process.identifier, SIGTERM)
    }
  }

  private var status: Tenbin_AuditStatus {
    let audit = eventLoop.audit
    let traffic = eventLoop.traffic
    let rate = progress.samplesPerSecond
    return .with {
      $0.name = inputs.specification.name
      $0.output = URL(filePath: options.output).standardizedFileURL.path(percentEncoded: false)
      $0.process = UInt32(getpid())
      $0.address = address
      $0.phase = progress.phase
      $0.phaseNumber = UInt32(progress.phaseNumber + 1)
      $0.phases = UInt32(progress.phases)
      $0.samplesDone = UInt64(max(0, progress.samplesDone))
      $0.samples = UInt64(progress.samples)
      $0.samplesPerSecond = rate
      $0.secondsLeft = rate > 0 ? Double(max(0, progress.samples - progress.samplesDone)) / rate : -1
      $0.secondsRunning = eventLoop.now / .seconds(1)
      $0.stepsCommitted = UInt64(audit.stepsDone)
      $0.bytesSent = UInt64(traffic.sent)
      $0.bytesReceived = UInt64(traffic.received)
      $0.workers = workers(audit)
      $0.reducers = eventLoop.reducers.map { reducer in
        .with {
          $0.name = reducer.name
          $0.process = reducer.process
          $0.endpoint = reducer.endpoint
          $0.slices = UInt32(reducer.sliceCount)
          $0.elements = UInt64(reducer.elements)
          $0.bytesSent = UInt64(reducer.traffic.sent)
          $0.bytesReceived = UInt64(reducer.traffic.received)
        }
      }
      $0.runs = audit.summary.map { run in
        .with {
          $0.identifier = inputs.plan.runs[run.run].identifier.description
          $0.state = run.state.rawValue
          $0.step = UInt32(run.step)
          $0.steps = UInt32(inputs.plan.runs[run.run].schedule.steps)
        }
      }
      $0.refusals = eventLoop.connections.refusals.sorted { $0.key < $1.key }.map { reason, count in
        .with {
          $0.reason = reason
          $0.count = UInt64(count)
        }
      }
    }
  }

  private func workers(_ audit: AuditStateMachine) -> [Tenbin_WorkerStatus] {
    var summaries: [WorkerIdentifier: WorkerSummary] = [:]
    for summary in audit.workers { summaries[summary.worker] = summary }
    let joined = eventLoop.workers.all.map { entry -> Tenbin_WorkerStatus in
      let summary = summaries[entry.identifier]
      return .with {
        $0.name = entry.name
        $0.process = entry.process
        $0.host = entry.host
        $0.isLocal = localWorkers.processes[entry.name]?.identifier == Int32(entry.process)
        $0.sharesMemory = entry.sharesMemory
        $0.state = summary.map(\.word) ?? "joining"
        $0.leases = UInt32(summary?.leases.count ?? 0)
        $0.unitsDone = UInt64(summary?.unitsDone ?? 0)
        $0.rate = summary?.rate ?? -1
        $0.holds = (summary?.leases ?? []).map {
          "\(inputs.plan.runs[$0.run].identifier) \($0)"
        }.joined(separator: "; ")
        $0.peakResidentBytes = entry.peakResidentBytes
      }
    }
    let known = Set(joined.map { "\($0.name) \($0.process)" })
    let starting = localWorkers.processes.filter { !known.contains("\($0.key) \($0.value.identifier)") }
    return joined
      + starting.sorted { $0.key < $1.key }.map { name, process in
        .with {
          $0.name = name
          $0.process = UInt32(process.identifier)
          $0.isLocal = true
          $0.state = "starting"
          $0.rate = -1
        }
      }
  }
}

extension WorkerSummary {
  fileprivate var word: String {
    if isSilent { return "silent" }
    if isDraining { return "draining" }
    return leases.isEmpty ? "idle" : "working"
  }
}
