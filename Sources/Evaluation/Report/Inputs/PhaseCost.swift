/// The part of an audit that a cost belongs to.
package enum AuditPhase: String, Codable, CaseIterable, Equatable, Sendable {
  /// Training and evaluation of the candidates for an arm's settings.
  case search
  case training
  case evaluation
  /// Training and evaluation of the shadow models.
  case shadowModels = "shadow_models"

  /// As it stands in a text: "shadow models".
  package var title: String { self == .shadowModels ? "shadow models" : rawValue }
}

/// What one phase of one arm cost, as measured on this execution.
package struct PhaseCost: Codable, Equatable, Sendable {
  package var arm: String
  package var phase: AuditPhase
  package var wallSeconds: Double
  /// Seconds that workers had work assigned, summed over workers.
  package var workerSeconds: Double
  /// Processor time of the workers.
  package var processorSeconds: Double
  package var coordinatorProcessorSeconds: Double
  /// By the coordinator.
  package var bytesSent: Int
  package var bytesReceived: Int
  /// The largest resident memory of any one worker.
  package var peakResidentBytes: Int

  package init(
    arm: String, phase: AuditPhase, wallSeconds: Double, workerSeconds: Double, processorSeconds: Double,
    coordinatorProcessorSeconds: Double, bytesSent: Int, bytesReceived: Int, peakResidentBytes: Int
  ) {
    self.arm = arm
    self.phase = phase
    self.wallSeconds = wallSeconds
    self.workerSeconds = workerSeconds
    self.processorSeconds = processorSeconds
    self.coordinatorProcessorSeconds = coordinatorProcessorSeconds
    self.bytesSent = bytesSent
    self.bytesReceived = bytesReceived
    self.peakResidentBytes = peakResidentBytes
  }

  /// Bytes in both directions, as a Float64 so that no sum overflows.
  var bytesMoved: Double { Double(bytesSent) + Double(bytesReceived) }
}

extension AuditReport {
  /// The cost of one phase of one arm, where it was measured.
  func cost(of arm: String, phase: AuditPhase) -> PhaseCost? {
    costs.first { $0.arm == arm && $0.phase == phase }
  }
}
