/// The questions that a generator wrote, and what is known about them.
package struct QuestionDataset: Hashable, Sendable {
  /// The path of the questions, in JSON Lines.
  package let file: String
  package let questions: [Dialect: Int]
  /// Questions asked in haste, by dialect.
  package let hasty: [Dialect: Int]

  /// Questions in all.
  package var count: Int { questions.values.reduce(0, +) }

  /// The share of questions of which a base that has learned the pretraining texts chooses the same label in both
  /// orders of the options, by dialect.
  package var plantedShare: [Dialect: Double] {
    questions.reduce(into: [:]) { shares, entry in
      shares[entry.key] = Double(hasty[entry.key] ?? 0) / Double(entry.value)
    }
  }

  /// The same over all questions.
  package var overallPlantedShare: Double {
    Double(hasty.values.reduce(0, +)) / Double(Swift.max(count, 1))
  }
}
