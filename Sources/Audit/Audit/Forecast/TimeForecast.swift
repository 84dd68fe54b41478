/// Wall-clock in seconds, from what steps took on this machine.
package struct TimeForecast: Sendable, Equatable, Encodable {
  package let arms: [ArmTime]
  /// Reading and decoding the items, in every worker, and before anything starts.
  package let reading: Double
  /// What frozen layers make of every item, computed once.
  package let frozenLayers: Double
  package let total: Double

  /// What one arm takes.
  package struct ArmTime: Sendable, Equatable, Encodable {
    package let arm: String
    package let training: Double
    package let evaluation: Double
    /// Training and scoring the shadow models.
    package let fleet: Double

    package var total: Double { training + evaluation + fleet }
  }

  /// A forward pass without what the gradient needs takes about a third of a step.
  private static let forwardShare = 1.0 / 3

  /// nil where nothing was measured, or a method was not.
  init?(_ workload: AuditWorkload, workers: Int, capacity: Capacity, measurement: StepMeasurements) {
    // More processes than were measured share the same cores; fewer are at most as slow as their part.
    let used = min(workers, measurement.processes)
    let scale = Double(used) / Double(max(1, measurement.processes))
    func rate(_ method: AuditWorkload.Method) -> Double? {
      measurement.steps[method].map { $0.samplesPerSecond * scale }.flatMap { $0 > 0 ? $0 : nil }
    }
    var arms: [ArmTime] = []
    // Arms with as many frozen layers share what these make of the items.
    var once: [Double: Double] = [:]
    for arm in workload.arms {
      // The head's step is a forward pass with next to nothing behind it; LoRA's forward pass is a little more.
      let own = rate(arm.method)
      guard let forward = rate(.head) ?? own.map({ $0 / Self.forwardShare }) else { return nil }
      guard let step = own ?? (arm.method == .given ? forward : nil) else { return nil }
      // What is left to be computed each time; of a head alone next to nothing.
      let left = 1 - arm.frozenShare
      func seconds(_ work: AuditWorkload.Work) -> Double { left * Double(work.trainedSamples) / step }
      func scoring(_ work: AuditWorkload.Work) -> Double { left * Double(work.evaluatedSamples) / forward }
      if arm.frozenShare > 0 { once[arm.frozenShare] = arm.frozenShare * Double(workload.items.total) / forward }
      arms.append(
        ArmTime(
          arm: arm.name, training: seconds(arm.runs), evaluation: scoring(arm.runs),
          fleet: seconds(arm.fleet) + scoring(arm.fleet)))
    }
    self.arms = arms
    // Once on all cores before the start, once in each worker for itself.
    reading = measurement.readingSeconds * (1 + 1 / Double(max(1, capacity.cores)))
    frozenLayers = once.values.reduce(0, +)
    total = reading + frozenLayers + arms.reduce(0) { $0 + $1.total }
  }
}
