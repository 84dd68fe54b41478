import Foundation
import TestSupport
import Testing

/// The commands that the README shows.
enum Readme {
  /// The lines of the shell blocks of a section, as words; remarks left out.
  static func commands(of section: String) throws -> [[String]] {
    let file = Repository.root.appending(path: "README.md")
    let text = try String(contentsOf: file.standardizedFileURL, encoding: .utf8)
    let start = try #require(text.firstRange(of: "\n## \(section)\n"), "the README has no section \(section)")
    let rest = text[start.upperBound...]
    let body = rest[..<(rest.firstRange(of: "\n## ")?.lowerBound ?? rest.endIndex)]
    var commands: [[String]] = []
    var isShell = false
    for line in body.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isShell = line == "```sh"
      } else if isShell {
        let command = line.firstRange(of: "#").map { line[..<$0.lowerBound] } ?? line
        let words = command.split(separator: " ").map(String.init)
        if !words.isEmpty { commands.append(words) }
      }
    }
    return commands
  }
}
