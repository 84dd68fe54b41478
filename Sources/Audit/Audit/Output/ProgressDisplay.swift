internal import Foundation
internal import Support

/// The progress of a running audit.
package struct AuditProgress: Sendable {
  package var phase: String
  package var phaseNumber: Int
  package var phases: Int
  /// Runs of the phase that are done.
  package var runsDone: Int
  package var runs: Int
  /// Samples computed and planned, over the whole audit.
  package var samplesDone: Int
  package var samples: Int
  package var samplesPerSecond: Double
  package var workers: Int
  /// Something worth a line of its own, such as a worker that has died.
  package var notice: String?
}

/// Shows progress on standard error: on a terminal one line that is rewritten, otherwise one line per phase.
package final class ProgressDisplay {
  private let isTerminal: Bool
  private var lastPhase = ""
  private var lastShown = Date.distantPast
  private var hasLine = false

  package init() {
    isTerminal = isatty(2) != 0 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  package func show(_ progress: AuditProgress) {
    if let notice = progress.notice { line(notice) }
    let isNewPhase = progress.phase != lastPhase
    guard isNewPhase || isTerminal, isNewPhase || Date().timeIntervalSince(lastShown) > 0.2 else { return }
    lastPhase = progress.phase
    lastShown = Date()
    let text = Self.text(progress, isTerminal: isTerminal)
    if isTerminal {
      write("\r\u{1B}[K" + text)
      hasLine = true
    } else {
      write(text + "\n")
    }
  }

  /// A line that stays.
  package func line(_ text: String) {
    write((hasLine ? "\r\u{1B}[K" : "") + text + "\n")
    hasLine = false
  }

  /// Ends the display.
  package func finish() {
    if hasLine { write("\r\u{1B}[K") }
    hasLine = false
  }

  static func text(_ progress: AuditProgress, isTerminal: Bool) -> String {
    let share = Double(progress.samplesDone) / Double(max(1, progress.samples))
    let percent = "\(Int((share * 100).rounded(.down))) %"
    let phase = "[\(progress.phaseNumber + 1)/\(progress.phases)] \(progress.phase)"
    let workers = "\(progress.workers) worker\(progress.workers == 1 ? "" : "s")"
    guard isTerminal else { return "\(percent)  \(phase)  \(workers)" }
    let width = 24
    let filled = Int(share * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    var text = "\(bar) \(percent)  \(phase)  \(progress.runsDone)/\(progress.runs) runs  \(workers)"
    if progress.samplesPerSecond > 0 {
      let left = Double(progress.samples - progress.samplesDone) / progress.samplesPerSecond
      text += "  \(Int(progress.samplesPerSecond)) samples/s  \(TimeSpan.text(seconds: left)) left"
    }
    return text
  }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}
