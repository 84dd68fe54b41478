internal import Foundation

/// The memory of this process as Linux counts it.
enum ProcessMemory {
  /// The peak of resident bytes since the last reset; 0 if the system does not report it.
  static var peakResidentBytes: UInt64 {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kibibytes = line.split(separator: " ").compactMap({ UInt64($0) }).first
    else { return 0 }
    return kibibytes * 1024
  }

  /// Resets the peak.
  static func resetPeak() {
    guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
    file.write(Data("5\n".utf8))
    try? file.close()
  }

  /// Seconds of processor time that this thread has used, including the threads that libtorch started for it.
  static var processorSeconds: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
}
