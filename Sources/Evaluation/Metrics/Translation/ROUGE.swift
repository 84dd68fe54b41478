/// The references of one sentence as ROUGE-L sees them, ready to be compared with any number of translations.
package struct RougeLReferences: Sendable {
  private let references: [[String]]

  package init(_ references: [String]) {
    self.references = references.map(Self.tokens)
  }

  /// The F-measure of the longest common subsequence (Lin 2004, section 3), from 0 to 1, best of the references; as
  /// Google's rouge-score without stemming. A text without tokens has the score 0, as there.
  package func score(of translation: String) -> Double {
    let tokens = Self.tokens(translation)
    return references.map { Self.score(tokens, reference: $0) }.max() ?? 0
  }

  /// Runs of a–z and 0–9 in the lower-cased text.
  package static func tokens(_ text: String) -> [String] {
    var tokens: [String] = []
    var token = ""
    for character in text.unicodeScalars {
      // Mapped one by one: outside ASCII, only İ and the Kelvin sign map to an ASCII letter.
      for lower in character.properties.lowercaseMapping.unicodeScalars {
        if lower.isASCIIAlphanumeric {
          token.unicodeScalars.append(lower)
        } else if !token.isEmpty {
          tokens.append(token)
          token = ""
        }
      }
    }
    return token.isEmpty ? tokens : tokens + [token]
  }

  private static func score(_ translation: [String], reference: [String]) -> Double {
    let common = Double(longestCommonSubsequence(translation, reference))
    guard common > 0 else { return 0 }
    let precision = common / Double(translation.count)
    let recall = common / Double(reference.count)
    return 2 * precision * recall / (precision + recall)
  }

  /// Its length, by the table's rows.
  private static func longestCommonSubsequence(_ first: [String], _ second: [String]) -> Int {
    var row = [Int](repeating: 0, count: second.count + 1)
    for token in first {
      var diagonal = 0
      for (column, other) in second.enumerated() {
        let above = row[column + 1]
        row[column + 1] = token == other ? diagonal + 1 : max(above, row[column])
        diagonal = above
      }
    }
    return row[second.count]
  }
}
