internal import Foundation
internal import Optimization
internal import Scheduler
internal import Support
internal import Transport

/// Where the parameters of runs lie: in shared memory where workers of this host can read them.
///
/// Belongs to the conductor's thread.
final class ParameterStore {
  let folder: SharedFolder?
  private let recorder: StepRecorder
  private var shared: [Int: Published] = [:]
  private var made = 0

  private struct Published {
    let parameters: SharedParameters
    var version: Int?
  }

  init(folder: SharedFolder?, recorder: StepRecorder) {
    self.folder = folder
    self.recorder = recorder
  }

  /// A place for the parameters of a run that is shared.
  func place(run: Int, count: Int) -> ParameterPlace {
    let recorder = recorder
    guard let parameters = sharedParameters(run: run, count: count) else {
      return ParameterPlace(
        buffer: FloatBuffer(repeating: 0, count: count), willChange: { recorder.wait(for: run) }, didChange: { _ in })
    }
    return ParameterPlace(
      buffer: parameters.buffer,
      willChange: {
        recorder.wait(for: run)
        parameters.willChange()
      },
      didChange: { [weak self] version in
        parameters.didChange(version: version)
        self?.shared[run]?.version = version
      })
  }

  /// The shared file with the parameters of a run, put there if they are not; nil where memory is not shared.
  func file(run: Int, version: Int, parameters: FloatBuffer) -> SharedFile? {
    if let known = shared[run], known.version == version { return known.parameters.file }
    guard let target = sharedParameters(run: run, count: parameters.count) else { return nil }
    target.willChange()
    target.buffer.copy(from: parameters)
    target.didChange(version: version)
    shared[run]?.version = version
    return target.file
  }

  /// A shared file with a whole state; nil where memory is not shared.
  func file(of state: TrainingState) -> SharedFile? {
    guard let folder else { return nil }
    let parts = state.buffers
    let count = state.parameters.count
    made += 1
    guard let file = try? SharedFile(making: "t-\(made)", bytes: parts.count * count * 4, in: folder) else {
      return nil
    }
    for (index, part) in parts.enumerated() { file.floats(at: index * count * 4, count: count)?.copy(from: part) }
    return file
  }

  /// Forgets the parameters of a run that is done.
  func remove(run: Int) { shared[run] = nil }

  private func sharedParameters(run: Int, count: Int) -> SharedParameters? {
    if let known = shared[run] { return known.parameters }
    guard let folder else { return nil }
    made += 1
    // Where /dev/shm is too small, parameters are sent instead.
    guard let parameters = try? SharedParameters(making: "p-\(run)-\(made)", count: count, in: folder) else {
      return nil
    }
    shared[run] = Published(parameters: parameters)
    return parameters
  }
}
