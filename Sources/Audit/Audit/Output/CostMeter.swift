internal import Foundation
internal import Ledger
internal import Report
internal import Scheduler
internal import Transport

/// Adds up the costs of a phase while it runs.
struct CostMeter {
  private var cost: CostRecord
  /// The time, traffic and processor time of the last `take`.
  private var since = ContinuousClock.now
  private var trafficBefore: Traffic
  private var processorBefore = ProcessorTime.seconds

  init(arm: String, phase: String, traffic: Traffic) {
    cost = CostRecord(arm: arm, phase: phase)
    trafficBefore = traffic
  }

  mutating func count(_ delivery: Tenbin_Delivery) {
    cost.workerSeconds += Self.seconds(delivery.workerSeconds)
    cost.processorSeconds += Self.seconds(delivery.processorSeconds)
    cost.peakResidentBytes = max(cost.peakResidentBytes, Int(clamping: delivery.peakResidentBytes))
  }

  /// The time that a peer reports, or 0 if it is implausible.
  private static func seconds(_ claimed: Double) -> Double {
    claimed >= 0 && claimed < 1e9 ? claimed : 0
  }

  /// Whether it is time to record the costs, so that a crash loses little of them.
  var isDue: Bool { ContinuousClock.now - since >= .seconds(1) }

  /// The costs since the last call.
  mutating func take(traffic: Traffic) -> CostRecord {
    var taken = cost
    let (now, processor, spent) = (ContinuousClock.now, ProcessorTime.seconds, traffic - trafficBefore)
    taken.wallSeconds = (now - since) / .seconds(1)
    taken.coordinatorProcessorSeconds = processor - processorBefore
    taken.bytesSent = spent.sent
    taken.bytesReceived = spent.received
    (since, processorBefore, trafficBefore) = (now, processor, traffic)
    cost = CostRecord(arm: cost.arm, phase: cost.phase)
    return taken
  }
}

package enum ProcessorTime {
  /// Seconds of processor time that this process has used, on all cores.
  package static var seconds: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
}

extension AuditPhase {
  /// The name under which the ledger and costs.json know a phase of the scheduler.
  init(_ kind: Phase.Kind) {
    switch kind {
    case .search: self = .search
    case .training: self = .training
    case .evaluation: self = .evaluation
    case .shadowModels: self = .shadowModels
    }
  }
}
