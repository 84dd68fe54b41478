/// What is known about one translation, or summed over several.
struct QualitySums: Sendable {
  var bleu: BLEUStatistics
  var rougeL: Double
  var pronouns: PronounTally

  init(bleu: BLEUStatistics, rougeL: Double, pronouns: PronounTally) {
    (self.bleu, self.rougeL, self.pronouns) = (bleu, rougeL, pronouns)
  }

  private static let firstPronoun = 12
  /// The number of sums in a row.
  static let width = firstPronoun + PronounTally.Count.allCases.count

  /// The sums as a row of numbers, all but ROUGE-L whole ones.
  var row: [Double] {
    let lengths = [bleu.sentences, bleu.translationLength, bleu.referenceLength]
    let ngrams = (0..<4).map { bleu.matches[$0] } + (0..<4).map { bleu.totals[$0] }
    return [rougeL] + (lengths + ngrams + pronouns.counts).map(Double.init)
  }

  /// - Parameter row: `width` numbers.
  init(row: [Double]) {
    rougeL = row[0]
    bleu = BLEUStatistics()
    (bleu.sentences, bleu.translationLength, bleu.referenceLength) = (Int(row[1]), Int(row[2]), Int(row[3]))
    for order in 0..<4 {
      bleu.matches[order] = Int(row[4 + order])
      bleu.totals[order] = Int(row[8 + order])
    }
    pronouns = PronounTally(counts: row[Self.firstPronoun...].map { Int($0) })
  }
}
