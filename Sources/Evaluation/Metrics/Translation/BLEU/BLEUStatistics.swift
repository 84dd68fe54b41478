import Foundation
package import Statistics

/// What BLEU is made of, summed over sentences: adding two corpora's statistics gives those of both together.
package struct BLEUStatistics: Hashable, Sendable {
  package var sentences = 0
  /// Tokens of the translations.
  package var translationLength = 0
  /// Tokens of the reference nearest in length to each translation; of two as near, of the shorter.
  package var referenceLength = 0
  /// The n-grams of translations, n = 1 to 4, that stand in a reference too, each at most as often as in one reference.
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
