/// What one run's translations are, sentence by sentence.
struct SentenceScores: Sendable {
  let bleu: [BLEUStatistics]
  let rougeL: [Double]
  let pronouns: [PronounClass]

  init(_ translations: [String], references: SentenceReferences) {
    bleu = zip(translations, references.bleu).map { $1.statistics(of: $0) }
    rougeL = zip(translations, references.rougeL).map { $1.score(of: $0) }
    pronouns = translations.map(PronounClass.init(of:))
  }

  /// The rows that are summed and resampled, one a sentence.
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
