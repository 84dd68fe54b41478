import Foundation
import Synchronization

/// Memory as Linux counts it.
enum ProcessStatus {
  /// The peak of a process's resident bytes; 0 if the system does not report it.
  static func peakResidentBytes(of process: Int32) -> Int { kibibytes("VmHWM:", in: "/proc/\(process)/status") << 10 }

  /// A process's private memory, and its share of the memory that it shares with others, in bytes.
  static func proportionalBytes(of process: Int32) -> Int {
    kibibytes("Pss:", in: "/proc/\(process)/smaps_rollup") << 10
  }

  private static func kibibytes(_ key: String, in file: String) -> Int {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix(key) })
    else { return 0 }
    return line.split(separator: " ").compactMap { Int($0) }.first ?? 0
  }
}

/// Samples the sum of some processes' proportional memory, on its own thread.
final class ProportionalMemory: Sendable {
  private struct State {
    var peak = 0
    var isStopped = false
  }

  private let state = Mutex(State())

  init(processes: [Int32]) {
    let thread = Thread { [self] in
      while !state.withLock({ $0.isStopped }) {
        let sum = processes.map(ProcessStatus.proportionalBytes).reduce(0, +)
        state.withLock { $0.peak = max($0.peak, sum) }
        // Rarely, because counting a process's pages takes system time.
        Thread.sleep(forTimeInterval: 2)
      }
    }
    thread.start()
  }

  var peakBytes: Int { state.withLock { $0.peak } }

  func stop() { state.withLock { $0.isStopped = true } }
}
