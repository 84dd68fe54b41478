internal import Optimization
internal import Scheduler
internal import Support
internal import Transport

/// Keeps the parameters of runs in shared memory, where workers of this host can read them.
///
/// Belongs to the event loop's thread.
final class ParameterStore {
  /// nil if memory is not shared.
  let folder: SharedFolder?
  private var shared: [Int: Published] = [:]
  private var filesMade = 0

  private struct Published {
    let parameters: SharedParameters
    /// The version that readers find; nil while it changes.
    var version: Int?
  }

  init(folder: SharedFolder?) {
    self.folder = folder
  }

  /// Whether there is nothing to place: the parameters are in shared memory, or no memory is shared.
  func isPlaced(run: Int, _ parameters: FloatBuffer) -> Bool {
    folder == nil || shared[run]?.parameters.buffer === parameters
  }

  /// Moves the parameters of a run into shared memory; the caller has made sure that no reader needs the numbers there.
  func place(run: Int, _ state: TrainingState) -> AuditStateMachine.Placement {
    guard let target = sharedParameters(run: run, count: state.parameters.count),
      target.buffer !== state.parameters
    else { return .unchanged }
    write(state.parameters, version: state.step, to: target, run: run)
    return .shared(target.buffer)
  }

  /// The parameters of a run are about to change in place: readers find no version until `publish`.
  func withdraw(run: Int, _ parameters: FloatBuffer) {
    guard let known = shared[run], known.parameters.buffer === parameters else { return }
    known.parameters.willChange()
    shared[run]?.version = nil
  }

  /// The parameters of a run are of this version now.
  func publish(run: Int, version: Int, _ parameters: FloatBuffer) {
    guard let known = shared[run], known.parameters.buffer === parameters else { return }
    known.parameters.didChange(version: version)
    shared[run]?.version = version
  }

  /// The shared file with the parameters of a run, which are copied there if they are not; nil if memory is not shared.
  func file(run: Int, version: Int, parameters: FloatBuffer) -> SharedFile? {
    if let known = shared[run], known.version == version { return known.parameters.file }
    guard let target = sharedParameters(run: run, count: parameters.count) else { return nil }
    write(parameters, version: version, to: target, run: run)
    return target.file
  }

  /// A shared file with a whole state; nil if memory is not shared.
  func file(of state: TrainingState) -> SharedFile? {
    guard let folder else { return nil }
    let parts = state.buffers
    let count = state.parameters.count
    filesMade += 1
    guard let file = try? SharedFile(making: "t-\(filesMade)", bytes: parts.count * count * 4, in: folder) else {
      return nil
    }
    for (index, part) in parts.enumerated() { file.floats(at: index * count * 4, count: count)?.copy(from: part) }
    return file
  }

  /// Forgets the parameters of a run that is done.
  func remove(run: Int) { shared[run] = nil }

  private func write(_ parameters: FloatBuffer, version: Int, to target: SharedParameters, run: Int) {
    target.willChange()
    target.buffer.copy(from: parameters)
    target.didChange(version: version)
    shared[run]?.version = version
  }

  private func sharedParameters(run: Int, count: Int) -> SharedParameters? {
    if let known = shared[run] { return known.parameters }
    guard let folder else { return nil }
    filesMade += 1
    // Where /dev/shm is too small, parameters are sent instead.
    guard let parameters = try? SharedParameters(making: "p-\(run)-\(filesMade)", count: count, in: folder) else {
      return nil
    }
    shared[run] = Published(parameters: parameters)
    return parameters
  }
}
