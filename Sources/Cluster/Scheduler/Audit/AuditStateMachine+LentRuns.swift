internal import Optimization
internal import Planning

// Runs that were lent whole.
extension AuditStateMachine {
  /// Goes on with a run by the steps that its worker did.
  mutating func take(
    _ delivered: DeliveredSteps, of lease: Lease, counts: Bool, at now: Duration
  ) throws -> [Action] {
    guard let run = open[lease.run], !run.training.isTrained else { return [] }
    let committed = run.training.step
    // Somebody else may have been lent the same run: what both did must be the same.
    for (offset, step) in delivered.steps.enumerated() where !step.isDivergent {
      guard let known = run.digests[delivered.first + offset], known != step.parameters else { continue }
      throw AuditFailure.replayDiffers(
        run: work.runs[lease.run].identifier.description, step: delivered.first + offset,
        worker: lease.member.description)
    }
    guard counts, var state = delivered.state else { return [] }
    // Workers are not told.
    state.traces = run.training.traces
    // An earlier delivery is missing, and with it the digests of its steps: they must be done again.
    guard delivered.first <= committed else { return try perform(cluster.recall(lease), at: now) }
    var actions: [Action] = []
    if state.step > committed {
      for number in committed..<state.step {
        actions.append(.commit(commit(delivered.steps[number - delivered.first], number: number, of: lease)))
      }
      open[lease.run]?.training = TrainingRun(schedule: run.training.schedule, training: work.optimizer, state: state)
      open[lease.run]?.place = nil
      if open[lease.run]?.training.isTrained == true { return actions + (try finishTraining(run: lease.run, at: now)) }
      open[lease.run]?.saved = now
      // The run's own buffers change as soon as it is shared.
      actions.append(.save(run: lease.run, state.copy))
      actions += try perform(cluster.recallOthers(than: lease), at: now)
      actions += try advance(run: lease.run, at: now)
    }
    guard delivered.steps.last?.isDivergent == true, open[lease.run]?.training.step == state.step else {
      return actions
    }
    return actions + (try diverge(run: lease.run, at: state.step, by: lease.member, now: now))
  }

  private mutating func commit(_ step: DeliveredSteps.Step, number: Int, of lease: Lease) -> CommittedStep {
    open[lease.run]?.digests[number] = step.parameters
    samplesDone += step.samples
    stepsDone += 1
    return CommittedStep(
      run: lease.run, step: number, samples: step.samples, lossSum: step.lossSum,
      result: .digests(gradient: step.gradient, parameters: step.parameters),
      deliveries: [
        .init(
          units: 0..<work.runs[lease.run].schedule.microBatchCount(step: number), member: lease.member,
          lease: lease.identifier)
      ])
  }

  /// A lent run's gradient was not finite: it counts when another member says so too, or the same one where it is alone.
  private mutating func diverge(run: Int, at step: Int, by member: Member, now: Duration) throws -> [Action] {
    guard let open = open[run] else { return [] }
    guard let claim = open.divergenceClaim, claim.step == step,
      claim.member != member || !cluster.hasOthers(than: member)
    else {
      self.open[run]?.divergenceClaim = (step, member)
      return try perform(cluster.shun(member, for: run, at: now), at: now)
    }
    guard var state = open.training.collect() else { return [] }
    state.divergedAt = step
    self.open[run]?.training = TrainingRun(schedule: open.training.schedule, training: work.optimizer, state: state)
    return [.notice("\(work.runs[run].identifier) diverged at step \(step): its gradient is not finite")]
      + (try finishTraining(run: run, at: now))
  }
}
