internal import Foundation
internal import Hashing
internal import Optimization
internal import Synchronization
package import Training

/// The states of runs under way, one file a run, so that a killed sitting is gone on with instead of begun anew.
///
/// Written by a queue of its own; where a run's next state comes before its last one was written, the last is skipped.
package final class StateFiles: Sendable {
  private let folder: String
  private let queue = DispatchQueue(label: "states")
  private let waiting = Mutex<(states: [String: TrainingState], failure: LedgerError?)>(([:], nil))

  /// - Parameter folder: made when the first state is written.
  package init(folder: String) {
    self.folder = folder
  }

  /// Writes the state of a run, soon; its buffers must not change any more.
  ///
  /// - Throws: what an earlier write ran into.
  package func save(_ state: TrainingState, run: String) throws(LedgerError) {
    try waiting.withLock { (waiting) throws(LedgerError) in
      if let failure = waiting.failure { throw failure }
      waiting.states[run] = state
    }
    queue.async { [self] in
      guard let state = waiting.withLock({ $0.states.removeValue(forKey: run) }) else { return }
      do throws(LedgerError) {
        try write(state, run: run)
      } catch {
        waiting.withLock { $0.failure = $0.failure ?? error }
      }
    }
  }

  /// Waits until everything saved so far is durable.
  package func flush() throws(LedgerError) {
    queue.sync {}
    if let failure = waiting.withLock({ $0.failure }) { throw failure }
  }

  /// Forgets the state of a run.
  package func remove(run: String) {
    waiting.withLock { $0.states[run] = nil }
    queue.async { [self] in unlink(path(of: run)) }
  }

  /// The state that was saved last of a run; nil where there is none, or where the file is damaged: the run then begins
  /// anew, and comes to the same bits.
  package func load(run: String) -> TrainingState? {
    guard let data = try? Data(contentsOf: URL(filePath: path(of: run)), options: .alwaysMapped),
      let end = data.firstIndex(of: 10),
      let header = try? JSONDecoder().decode(Header.self, from: data[..<end]),
      header.count >= 0, header.count < 1 << 40,
      data.count - end - 1 == header.count * (header.hasMoments ? 12 : 4)
    else { return nil }
    let parts = (0..<(header.hasMoments ? 3 : 1)).map { part -> FloatBuffer in
      let buffer = FloatBuffer(repeating: 0, count: header.count)
      let start = end + 1 + part * header.count * 4
      _ = data.copyBytes(to: UnsafeMutableRawBufferPointer(buffer.pointer), from: start..<start + header.count * 4)
      return buffer
    }
    guard TensorDigest(of: parts.map { TensorDigest(of: $0.floats) }).description == header.digest else { return nil }
    return TrainingState(
      step: header.step, parameters: parts[0],
      moments: header.hasMoments ? .init(first: parts[1], second: parts[2]) : nil,
      epoch: .init(sum: Double(bitPattern: header.epochLossBits), samples: header.epochSamples),
      losses: header.lossBits.map(Double.init(bitPattern:)), divergedAt: header.divergedAt)
  }

  private struct Header: Codable {
    var step: Int
    var count: Int
    var hasMoments: Bool
    var epochLossBits: UInt64
    var epochSamples: Int
    var lossBits: [UInt64]
    var divergedAt: Int?
    var digest: String
  }

  private func path(of run: String) -> String { "\(folder)/\(run.replacing("/", with: "--")).state" }

  private func write(_ state: TrainingState, run: String) throws(LedgerError) {
    let file = path(of: run)
    let buffers = [state.parameters] + (state.moments.map { [$0.first, $0.second] } ?? [])
    let header = Header(
      step: state.step, count: state.parameters.count, hasMoments: state.moments != nil,
      epochLossBits: state.epoch.sum.bitPattern, epochSamples: state.epoch.samples,
      lossBits: state.losses.map(\.bitPattern), divergedAt: state.divergedAt,
      digest: TensorDigest(of: buffers.map { TensorDigest(of: $0.floats) }).description)
    mkdir(folder, 0o700)
    do {
      let temporary = file + ".partial"
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw SystemError() }
      defer { close(descriptor) }
      try writeAll(Array(try JSONEncoder().encode(header)) + [10], to: descriptor)
      for buffer in buffers { try writeAll(UnsafeRawBufferPointer(buffer.floats), to: descriptor) }
      guard fsync(descriptor) == 0, rename(temporary, file) == 0 else { throw SystemError() }
    } catch {
      unlink(file + ".partial")
      throw .unwritable(file: file, problem: "\(error)")
    }
  }

  private func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws {
    try bytes.withUnsafeBytes { try writeAll($0, to: descriptor) }
  }

  private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
    var rest = bytes
    while !rest.isEmpty {
      let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw SystemError() }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    }
  }

  private struct SystemError: Error, CustomStringConvertible {
    let description = String(cString: strerror(errno))
  }
}
