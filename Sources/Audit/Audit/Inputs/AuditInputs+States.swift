internal import Checkpoints
internal import Optimization
internal import Planning
internal import Support

extension AuditInputs {
  /// The state that a run starts from: the plan's own draws, or the parameters of an adapter that was trained elsewhere.
  func initialState(ofRun index: Int) throws -> TrainingState {
    let run = plan.runs[index]
    if let adapter = adapters[run.arm] { return TrainingState(step: 0, parameters: FloatBuffer(adapter.values)) }
    return TrainingState(
      step: 0,
      parameters: FloatBuffer(try layouts[run.arm].initialValues(from: checkpoint, key: run.schedule.key[.initial])))
  }
}
