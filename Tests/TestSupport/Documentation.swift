import Foundation

/// The pages of the repository: README.md, docs and the files beside them.
package enum Documentation {
  /// What a page does not hold, although a test reads it.
  package struct MissingText: Error, CustomStringConvertible {
    package let description: String
  }

  /// The paths of all pages from the repository's root.
  package static func pages() throws -> [String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: Repository.root.appending(path: "docs").path)
    return ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"]
      + names.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
  }

  package static func text(of page: String) throws -> String {
    try String(contentsOf: Repository.root.appending(path: page), encoding: .utf8)
  }

  /// The fenced blocks of a page in one language, without their fences.
  package static func blocks(of language: String, in page: String) throws -> [String] {
    var blocks: [String] = []
    var open: (language: String, lines: [String])?
    for line in try text(of: page).split(separator: "\n", omittingEmptySubsequences: false) {
      guard line.drop(while: { $0 == " " }).hasPrefix("```") else {
        open?.lines.append(String(line))
        continue
      }
      if let block = open {
        if block.language == language { blocks.append(block.lines.map { $0 + "\n" }.joined()) }
        open = nil
      } else {
        open = (line.trimmingCharacters(in: CharacterSet(charactersIn: " `")), [])
      }
    }
    return blocks
  }

  /// The first block of a page in one language that begins with a text.
  package static func block(of language: String, beginning start: String, in page: String) throws -> String {
    guard let block = try blocks(of: language, in: page).first(where: { $0.hasPrefix(start) }) else {
      throw MissingText(description: "\(page) has no \(language) block that begins with \(start)")
    }
    return block
  }

  /// The commands of a page's shell blocks as a shell would split them; remarks are left out.
  ///
  /// - Parameter section: the heading of the only section that is read; the whole page when left out.
  package static func commands(in page: String, section: String? = nil) throws -> [[String]] {
    try commandLines(in: page, section: section).map(words)
  }

  /// The same as lines, with single blanks between words.
  package static func commandLines(in page: String, section: String? = nil) throws -> [String] {
    var lines: [String] = []
    var isShell = false
    var isInSection = section == nil
    var hasSection = section == nil
    for line in try text(of: page).split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("## "), let section {
        isInSection = line == "## \(section)"
        hasSection = hasSection || isInSection
      } else if line.hasPrefix("```") {
        isShell = line == "```sh"
      } else if isShell, isInSection {
        let command = line.hasPrefix("#") ? "" : line.firstRange(of: " #").map { line[..<$0.lowerBound] } ?? line
        let words = command.split(separator: " ")
        if !words.isEmpty { lines.append(words.joined(separator: " ")) }
      }
    }
    guard hasSection else {
      throw MissingText(description: "\(page) has no section \(section ?? "")")
    }
    return lines
  }

  /// Words between blanks; quotes keep blanks together.
  private static func words(_ line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in line {
      if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character == " " {
        if let found = word { words.append(found) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    return words + (word.map { [$0] } ?? [])
  }
}
