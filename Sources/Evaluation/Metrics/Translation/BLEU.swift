import Foundation
package import Statistics

/// BLEU's sufficient statistics, summed over sentences: the statistics of two corpora add up.
package struct BLEUStatistics: Hashable, Sendable {
  package var sentences = 0
  /// Tokens of the translations.
  package var translationLength = 0
  /// Tokens of the reference nearest in length to each translation; of two as near, of the shorter.
  package var referenceLength = 0
  /// The n-grams of translations, n = 1 to 4, that occur in a reference too, each at most as often as in one reference.
  package var matches = SIMD4<Int>.zero
  /// All n-grams of translations.
  package var totals = SIMD4<Int>.zero

  package init() {}

  package static func + (first: BLEUStatistics, second: BLEUStatistics) -> BLEUStatistics {
    var sum = first
    sum.sentences += second.sentences
    sum.translationLength += second.translationLength
    sum.referenceLength += second.referenceLength
    sum.matches &+= second.matches
    sum.totals &+= second.totals
    return sum
  }

  /// The corpus BLEU in points, 0 to 100 (Papineni et al. 2002), with exponential smoothing of orders without a match
  /// (Chen and Cherry 2014, method 3) and without effective order, as sacreBLEU's default; undefined without sentences.
  ///
  /// As there, it is 0 where no n-gram matches, and where every translation is shorter than four tokens.
  package var score: Measured<Double> {
    guard sentences > 0 else { return .undefined(reason: "no sentences", n: 0) }
    guard matches != .zero else { return .value(0) }
    var smoothing = 1.0
    var logarithms = 0.0
    for order in 0..<4 {
      guard totals[order] > 0 else { return .value(0) }
      var matched = Double(matches[order])
      if matches[order] == 0 {
        smoothing *= 2
        matched = 1 / smoothing
      }
      logarithms += log(100 * matched / Double(totals[order]))
    }
    return .value(brevityPenalty * exp(logarithms / 4))
  }

  /// exp(1 − r/c) for translations of c tokens that are shorter than their references of r; else 1.
  private var brevityPenalty: Double {
    guard translationLength < referenceLength else { return 1 }
    return translationLength > 0 ? exp(1 - Double(referenceLength) / Double(translationLength)) : 0
  }
}

/// The references of one sentence, ready to be compared with any number of translations.
package struct BLEUReferences: Sendable {
  /// Up to four token numbers, padded with −1.
  private typealias NGram = SIMD4<Int32>

  private let numbers: [[Unicode.Scalar]: Int32]
  /// The count of each n-gram in the reference that has it most often.
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

  /// The n-grams of known tokens; one with an unknown token (−1) occurs in no reference.
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

/// The tokens of mteval-v13a, the metric of the WMT campaigns, as sacreBLEU's default tokenizer `13a` cuts them.
///
/// Characters are Unicode scalars, as in Python: canonically equivalent spellings are different tokens.
package enum Tokenizer13a {
  /// - Returns: The tokens in their order, none of them empty.
  package static func tokens(_ text: String) -> [[Unicode.Scalar]] {
    var line = Array(text.unicodeScalars)
    while let last = line.last, last.isPythonSpace { line.removeLast() }
    line.replace("<skipped>".unicodeScalars, with: "".unicodeScalars)
    line.replace("-\n".unicodeScalars, with: "".unicodeScalars)
    line.replace("\n".unicodeScalars, with: " ".unicodeScalars)
    for (entity, character) in [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
      line.replace(entity.unicodeScalars, with: character.unicodeScalars)
    }
    line = [" "] + line + [" "]
    line = line.flatMap { isPunctuation($0) ? [" ", $0, " "] : [$0] }
    line = replacingPairs(in: line, where: { !$0.isASCIIDigit && isPeriodOrComma($1) }, by: { [$0, " ", $1, " "] })
    line = replacingPairs(in: line, where: { isPeriodOrComma($0) && !$1.isASCIIDigit }, by: { [" ", $0, " ", $1] })
    line = replacingPairs(in: line, where: { $0.isASCIIDigit && $1 == "-" }, by: { [$0, " ", $1, " "] })
    return line.split(whereSeparator: \.isPythonSpace).map(Array.init)
  }

  /// ASCII punctuation except the apostrophe, the comma, the hyphen and the period.
  private static func isPunctuation(_ character: Unicode.Scalar) -> Bool {
    switch character {
    case "{"..."~", "["..."`", " "..."&", "("..."+", ":"..."@", "/": true
    default: false
    }
  }

  private static func isPeriodOrComma(_ character: Unicode.Scalar) -> Bool { character == "." || character == "," }

  /// Neighbours that match are replaced from left to right, without overlap, as `re.sub` does.
  private static func replacingPairs(
    in line: [Unicode.Scalar], where matches: (Unicode.Scalar, Unicode.Scalar) -> Bool,
    by replacement: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]
  ) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(line.count)
    var position = 0
    while position < line.count {
      if position + 1 < line.count, matches(line[position], line[position + 1]) {
        result += replacement(line[position], line[position + 1])
        position += 2
      } else {
        result.append(line[position])
        position += 1
      }
    }
    return result
  }
}
