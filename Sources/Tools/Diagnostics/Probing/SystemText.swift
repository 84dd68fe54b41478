internal import Foundation

/// What Linux tells in files of text.
enum SystemText {
  /// The contents of a file below `/proc` or `/sys`, or nil.
  static func read(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  /// The model and the features in the text of `/proc/cpuinfo`.
  static func processor(_ text: String) -> (model: String, features: Set<String>) {
    var model: String?
    var features: Set<String>?
    for line in text.split(separator: "\n") where model == nil || features == nil {
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.count == 2 else { continue }
      switch parts[0] {
      case "model name", "CPU part": model = model ?? parts[1]
      case "flags", "Features": features = features ?? Set(parts[1].split(separator: " ").map(String.init))
      default: break
      }
    }
    return (model ?? "unknown", features ?? [])
  }

  /// The value in bytes of a line such as `MemTotal:  24000 kB` in the text of `/proc/meminfo`.
  static func bytes(_ key: String, in text: String) -> Int? {
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(key + ":") }) else { return nil }
    return line.split(separator: " ").lazy.compactMap { Int($0) }.first.map { $0 << 10 }
  }

  /// The limit in force for `name` in the text of `/proc/self/limits`; nil where there is none.
  static func limit(_ name: String, in text: String) -> Int? {
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
    return line.dropFirst(name.count).split(separator: " ").first.flatMap { Int($0) }
  }

  /// Cores' worth of time in the text of `cpu.max`, `quota period` in microseconds; nil for `max`.
  static func quota(_ text: String) -> Double? {
    let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    guard numbers.count == 2, numbers[0] > 0, numbers[1] > 0 else { return nil }
    return numbers[0] / numbers[1]
  }
}
