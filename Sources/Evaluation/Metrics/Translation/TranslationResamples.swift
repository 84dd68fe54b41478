import Statistics
import Support

/// A figure of a run that is a function of sums over sentences, and so can be resampled.
enum TranslationFigure: Int, CaseIterable {
  case bleu
  case rougeL
  case femaleF1
  case maleF1
  case deltaG
  case deltaS

  func value(of sums: QualitySums) -> Measured<Double> {
    switch self {
    case .bleu: sums.bleu.score
    case .rougeL:
      sums.bleu.sentences > 0
        ? .value(sums.rougeL / Double(sums.bleu.sentences)) : .undefined(reason: "no sentences", n: 0)
    case .femaleF1: sums.pronouns.femaleF1
    case .maleF1: sums.pronouns.maleF1
    case .deltaG: sums.pronouns.deltaG
    case .deltaS: sums.pronouns.deltaS
    }
  }
}

/// The figures of every arm in one subset, of the data and under resampling of whole clusters: a resample draws the
/// same clusters for all arms and seeds.
struct QualityResamples: Sendable {
  /// For every arm, a row of `QualitySums` for each run.
  private let observed: [[QualitySums]]
  /// For every resample, arm and figure the mean over the runs; nil if a run has no such figure.
  private let replicates: [[[Double?]]]
  private let clusters: Int
  private let items: Int
  private let confidence: Double

  /// - Parameters:
  ///   - arms: Of every arm and run the row of every sentence.
  init(_ subset: ItemSubset, arms: [[[[Double]]]], resamples: Int, confidence: Double, key: RandomKey) {
    let bootstrap = ClusterBootstrap(subset.clusters, key: key)
    let tables = arms.map { runs in
      runs.map { rows in
        bootstrap.sums(width: QualitySums.width) { position, row in
          for (column, value) in rows[subset.items[position]].enumerated() { row[column] += value }
        }
      }
    }
    observed = tables.map { $0.map { QualitySums(row: $0.totals) } }
    replicates = bootstrap.resampled(subset.clusters.count > 1 ? resamples : 0) { weights in
      tables.map { runs in
        let sums = runs.map { QualitySums(row: $0.sums(weights: weights)) }
        return TranslationFigure.allCases.map { figure in
          let values = sums.compactMap { figure.value(of: $0).value }
          return values.count == sums.count ? values.mean : nil
        }
      }
    }
    (clusters, items, self.confidence) = (subset.clusters.count, subset.items.count, confidence)
  }

  /// An arm's figure, averaged over its runs.
  ///
  /// - Parameter seeds: Of the runs, to say which of them has no such figure.
  func estimate(_ figure: TranslationFigure, arm: Int, seeds: [Int?]) -> Measured<SeededEstimate> {
    values(figure, arm: arm, seeds: seeds).map { values in
      seeded(values, replicates: replicates.map { $0[arm][figure.rawValue] })
    }
  }

  /// An arm's figure minus a reference's.
  ///
  /// - Parameter seeds: Of the runs, to say which of them has no such figure.
  func difference(
    _ figure: TranslationFigure, runs: RunPairs, seeds: (arm: [Int?], reference: [Int?])
  ) -> Measured<SeededEstimate> {
    let own = values(figure, arm: runs.arm, seeds: seeds.arm)
    let other = values(figure, arm: runs.reference, seeds: seeds.reference)
    return own.flatMap { own in
      other.map { other in
        let drawn = replicates.map { resample -> Double? in
          guard let first = resample[runs.arm][figure.rawValue],
            let second = resample[runs.reference][figure.rawValue]
          else { return nil }
          return first - second
        }
        return seeded(runs.differences(own, other), replicates: drawn)
      }
    }
  }

  /// The figure of every run; undefined if a run has no such figure.
  private func values(_ figure: TranslationFigure, arm: Int, seeds: [Int?]) -> Measured<[Double]> {
    var values: [Double] = []
    for (sums, seed) in zip(observed[arm], seeds) {
      switch figure.value(of: sums) {
      case .value(let value): values.append(value)
      case .undefined(let reason, let n):
        return .undefined(reason: seed.map { "seed \($0): \(reason)" } ?? reason, n: n)
      }
    }
    return .value(values)
  }

  private func seeded(_ values: [Double], replicates: [Double?]) -> SeededEstimate {
    SeededEstimate(
      bySeed: values, interval: interval(replicates), clusters: clusters, tail: (1 - confidence) / 2)
  }

  private func interval(_ replicates: [Double?]) -> Measured<Interval> {
    Replicates(replicates, clusters: clusters).interval(.atMostOneInTwenty, tail: (1 - confidence) / 2, n: items)
  }
}

extension Measured {
  /// The figure transformed where that is defined too, or undefined for the first reason.
  fileprivate func flatMap<Other>(_ transform: (Value) -> Measured<Other>) -> Measured<Other> {
    switch self {
    case .value(let value): transform(value)
    case .undefined(let reason, let n): .undefined(reason: reason, n: n)
    }
  }
}

/// The counts of one translation, or summed over several.
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

/// One run's translations, sentence by sentence.
struct SentenceScores: Sendable {
  let bleu: [BLEUStatistics]
  let rougeL: [Double]
  let pronouns: [PronounClass]

  init(_ translations: [String], references: SentenceReferences) {
    bleu = zip(translations, references.bleu).map { $1.statistics(of: $0) }
    rougeL = zip(translations, references.rougeL).map { $1.score(of: $0) }
    pronouns = translations.map(PronounClass.init(of:))
  }

  /// The rows that are summed and resampled, one per sentence.
  func rows(_ items: TranslationItems) -> [[Double]] {
    pronouns.indices.map { item in
      let tally = PronounTally(pronouns[item], gold: items.goldGenders[item], stereotype: items.stereotypes[item])
      return QualitySums(bleu: bleu[item], rougeL: rougeL[item], pronouns: tally).row
    }
  }
}

/// The references of every sentence, prepared once for all arms.
struct SentenceReferences: Sendable {
  let bleu: [BLEUReferences]
  let rougeL: [RougeLReferences]

  init(_ references: [[String]]) {
    bleu = references.map(BLEUReferences.init)
    rougeL = references.map(RougeLReferences.init)
  }
}
