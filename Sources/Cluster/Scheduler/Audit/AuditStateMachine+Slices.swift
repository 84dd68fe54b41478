package import Optimization
internal import Planning

// Runs whose numbers lie in slices elsewhere.
extension AuditStateMachine {
  /// Slices of a run are lost, and with them the steps since its state was last kept: it goes on from there, and comes to
  /// the same bits.
  ///
  /// - Parameter kept: the state that was kept last; nil where the run begins anew.
  package mutating func loseSlices(of run: Int, kept: TrainingState?, at now: Duration) throws -> [Action] {
    guard !isFinished, let lost = open[run]?.training, lost.slices != nil else { return [] }
    return try atOnce(at: now) { (audit) throws in
      var actions = try audit.perform(audit.cluster.close(run: run, at: now), at: now)
      audit.open[run] = nil
      audit.recovered[run] = kept
      if audit.cluster.flaw != .keepsGeneration { audit.generations[run, default: 0] += 1 }
      audit.samplesDone -= audit.samples(behind: lost.state, of: audit.work.runs[run])
      actions.append(
        .notice(
          "slices of \(audit.work.runs[run].identifier) are lost at step \(lost.step); it goes on from step \(kept?.step ?? 0)"
        ))
      return actions + (try audit.begin(run: run, at: now))
    }
  }

  /// All of a step was counted, but it could not be done where the slices are.
  mutating func stopLost(run: Int, at now: Duration) throws -> [Action] {
    open[run]?.isLost = true
    return try perform(cluster.close(run: run, at: now), at: now)
  }

  /// Brings the run's numbers here; false where they are lost.
  mutating func gather(run: Int) -> Bool {
    guard let training = open[run]?.training, training.slices != nil else { return true }
    guard let state = training.collect() else { return false }
    open[run]?.training = TrainingRun(schedule: training.schedule, training: work.optimizer, state: state)
    return true
  }
}
