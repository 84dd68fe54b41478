/// The references of one sentence, ready to be compared with any number of translations.
package struct BLEUReferences: Sendable {
  /// Up to four numbers of tokens; −1 behind the last.
  private typealias NGram = SIMD4<Int32>

  private let numbers: [[Unicode.Scalar]: Int32]
  /// How often each n-gram stands in the reference that has it most often.
  private let counts: [NGram: Int]
  private let lengths: [Int]

  /// - Parameter references: At least one, or nothing matches and the reference length is 0.
  package init(_ references: [String]) {
    var numbers: [[Unicode.Scalar]: Int32] = [:]
    var counts: [NGram: Int] = [:]
    var lengths: [Int] = []
    for reference in references {
      let tokens = Tokenizer13a.tokens(reference).map { token in
        let number = numbers[token] ?? Int32(numbers.count)
        numbers[token] = number
        return number
      }
      lengths.append(tokens.count)
      counts.merge(Self.counts(tokens), uniquingKeysWith: max)
    }
    (self.numbers, self.counts, self.lengths) = (numbers, counts, lengths)
  }

  /// The statistics of one translation of the sentence.
  package func statistics(of translation: String) -> BLEUStatistics {
    let tokens = Tokenizer13a.tokens(translation).map { numbers[$0] ?? -1 }
    var statistics = BLEUStatistics()
    statistics.sentences = 1
    statistics.translationLength = tokens.count
    statistics.referenceLength =
      lengths.min { (abs($0 - tokens.count), $0) < (abs($1 - tokens.count), $1) } ?? 0
    for order in 0..<4 { statistics.totals[order] = max(0, tokens.count - order) }
    for (ngram, count) in Self.counts(tokens) {
      guard let most = counts[ngram] else { continue }
      let order = (0..<4).count { ngram[$0] >= 0 } - 1
      statistics.matches[order] += min(count, most)
    }
    return statistics
  }

  /// The n-grams of known tokens; one with an unknown token (−1) stands in no reference.
  private static func counts(_ tokens: [Int32]) -> [NGram: Int] {
    var counts: [NGram: Int] = [:]
    for start in tokens.indices {
      var ngram = NGram(repeating: -1)
      for order in 0..<min(4, tokens.count - start) {
        guard tokens[start + order] >= 0 else { break }
        ngram[order] = tokens[start + order]
        counts[ngram, default: 0] += 1
      }
    }
    return counts
  }
}
