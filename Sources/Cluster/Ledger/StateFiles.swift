internal import Foundation
package import Optimization
internal import Support
internal import Synchronization

/// The states of unfinished runs, one file per run, so that runs resume after a killed session instead of starting
/// again.
///
/// A queue of its own writes them. If a run's next state comes before the last one is written, the last one is skipped.
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
  /// - Throws: the error of an earlier write.
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

  /// Waits like `flush`, and removes the folder if it is empty.
  package func finish() throws(LedgerError) {
    try flush()
    rmdir(folder)
  }

  /// Removes the state of a run, and an incomplete file of a killed session.
  package func remove(run: String) {
    waiting.withLock { $0.states[run] = nil }
    queue.async { [self] in
      unlink(path(of: run))
      DurableFile.removeLeftovers(of: path(of: run))
    }
  }

  /// The last state of a run; nil if there is none, or if the file is damaged. The run then starts again, with
  /// the same bits.
  package func load(run: String) -> TrainingState? {
    do throws(LedgerError) { return try read(run: run) } catch { return nil }
  }

  /// The last state of a run; nil if there is none.
  ///
  /// - Throws: `LedgerError.damaged` when the file is not what was written.
  package func read(run: String) throws(LedgerError) -> TrainingState? {
    let file = path(of: run)
    guard access(file, F_OK) == 0 else { return nil }
    guard let data = try? Data(contentsOf: URL(filePath: file), options: .alwaysMapped) else {
      let problem = errno
      // A running audit may have removed it meanwhile.
      guard access(file, F_OK) == 0 else { return nil }
      throw .unreadable(file: file, problem: String(cString: strerror(problem)))
    }
    guard let seal = data.firstIndex(of: 10), let end = data[(seal + 1)...].firstIndex(of: 10),
      let header = try? JSONDecoder().decode(Header.self, from: data[(seal + 1)..<end]),
      header.step >= 0, header.count >= 0, header.count < 1 << 40,
      header.traces.allSatisfy({ (0..<1 << 40).contains($0) }),
      data.count - end - 1 == header.count * (header.hasMoments ? 12 : 4) + 4 * header.traces.reduce(0, +)
    else { throw .damaged(file: file, problem: "it is cut off, or not a state") }
    let vectors = header.hasMoments ? 3 : 1
    var start = end + 1
    let parts = (Array(repeating: header.count, count: vectors) + header.traces).map { count -> FloatBuffer in
      let buffer = FloatBuffer(repeating: 0, count: count)
      _ = data.copyBytes(to: UnsafeMutableRawBufferPointer(buffer.pointer), from: start..<start + count * 4)
      start += count * 4
      return buffer
    }
    guard Self.seal(header: data[(seal + 1)..<end], buffers: parts).elementsEqual(data[..<seal]) else {
      throw .damaged(file: file, problem: "its digest does not match its content")
    }
    var state = TrainingState(
      step: header.step, parameters: parts[0],
      moments: header.hasMoments ? .init(first: parts[1], second: parts[2]) : nil,
      epoch: .init(sum: Double(bitPattern: header.epochLossBits), samples: header.epochSamples),
      losses: header.lossBits.map(Double.init(bitPattern:)), divergedAt: header.divergedAt)
    state.traces = parts.dropFirst(vectors).map { Array($0.floats) }
    state.validationLosses = header.validationBits.map(Double.init(bitPattern:))
    return state
  }

  /// The second line of a file. The first line is a digest of everything else; the numbers follow.
  private struct Header: Codable {
    var step: Int
    var count: Int
    var hasMoments: Bool
    var epochLossBits: UInt64
    var epochSamples: Int
    var lossBits: [UInt64]
    var divergedAt: Int?
    /// The number of elements of each.
    var traces: [Int]
    var validationBits: [UInt64]
  }

  /// The digest of a header and the numbers after it, in hexadecimal digits.
  private static func seal(header: some Sequence<UInt8>, buffers: [FloatBuffer]) -> String.UTF8View {
    let numbers = TensorDigest(of: buffers.map { TensorDigest(of: $0.floats) })
    return ContentHash(of: Array(header) + numbers.bytes).description.utf8
  }

  private func path(of run: String) -> String { "\(folder)/\(run.replacing("/", with: "--")).state" }

  private func write(_ state: TrainingState, run: String) throws(LedgerError) {
    let file = path(of: run)
    let buffers = state.buffers + state.traces.map { FloatBuffer($0) }
    let header = Header(
      step: state.step, count: state.parameters.count, hasMoments: state.moments != nil,
      epochLossBits: state.epoch.sum.bitPattern, epochSamples: state.epoch.samples,
      lossBits: state.losses.map(\.bitPattern), divergedAt: state.divergedAt, traces: state.traces.map(\.count),
      validationBits: state.validationLosses.map(\.bitPattern))
    mkdir(folder, 0o700)
    do {
      try DurableFile.write(to: file, permissions: 0o600) { writer in
        let line = Array(try JSONEncoder().encode(header))
        try writer.append(Array(Self.seal(header: line, buffers: buffers)) + [10] + line + [10])
        for buffer in buffers { try writer.append(UnsafeRawBufferPointer(buffer.floats)) }
      }
    } catch {
      throw .unwritable(file: file, problem: (error as? FileError)?.reason ?? "\(error)")
    }
  }
}
