/// Questions with options, and how they are put.
package struct ChoiceSettings: Sendable, Equatable {
  package var form: Form
  package var wordings: [WordingSettings]

  /// How the file of questions is laid out.
  package enum Form: String, Sendable, CaseIterable {
    case general, bbq
  }
}

/// One way of putting every question, in all orders of its options.
package struct WordingSettings: Sendable, Equatable {
  package var name = "letters-label"
  /// nil for the standard one.
  package var template: String?
  package var labels = Labels.letters
  package var scoring = Scoring.label
  /// Whether what the answer is worth without the question is taken off.
  package var subtractsBlank = false

  package enum Labels: String, Sendable, CaseIterable {
    case letters, digits, symbols, none
  }

  /// What of an answer is scored.
  package enum Scoring: String, Sendable, CaseIterable {
    case label, text
  }
}

/// Texts for fine-tuning a language model.
package struct CorpusSettings: Sendable, Equatable {
  /// A CSV or JSON Lines file, relative to the specification's own folder.
  package var manifest: String
  package var text: String
  /// The most tokens of one block.
  package var tokens: Int
}
