internal import Foundation
internal import Ledger
internal import Wire

/// Adds up what a phase costs while it runs.
struct CostMeter {
  private var cost: CostRecord
  private let began = ContinuousClock.now
  private let trafficBefore: Traffic
  private let processorBefore = ProcessorTime.seconds

  init(arm: String, phase: String, traffic: Traffic) {
    cost = CostRecord(arm: arm, phase: phase)
    trafficBefore = traffic
  }

  mutating func count(_ delivery: Tenbin_Delivery) {
    cost.workerSeconds += Self.seconds(delivery.workerSeconds)
    cost.processorSeconds += Self.seconds(delivery.processorSeconds)
    cost.peakResidentBytes = max(cost.peakResidentBytes, Int(clamping: delivery.peakResidentBytes))
  }

  /// What a peer claims, where it can be a time at all.
  private static func seconds(_ claimed: Double) -> Double {
    claimed >= 0 && claimed < 1e9 ? claimed : 0
  }

  /// What was spent until now.
  func total(traffic: Traffic) -> CostRecord {
    var total = cost
    let spent = traffic - trafficBefore
    total.wallSeconds = (ContinuousClock.now - began) / .seconds(1)
    total.coordinatorProcessorSeconds = ProcessorTime.seconds - processorBefore
    total.bytesSent = spent.sent
    total.bytesReceived = spent.received
    return total
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
