/// A question with two or more options; a model chooses one. Yes and no are two options like any others.
package struct ChoiceQuestion: Equatable, Sendable {
  package var identifier: String
  /// The row of the file it was read from, counted from 1.
  package var row: Int
  /// The context before the question; `nil` if there is none.
  package var context: String?
  package var question: String
  /// At least two, none empty and no two equal.
  package var options: [String]
  /// The position of the right option; `nil` if none is right.
  package var answer: Int?
  /// `nil` if it is not said.
  package var condition: ContextCondition?
  /// The attributes that groups and clusters are formed from: tags by key.
  package var attributes: [String: [String]]
  /// What a choice says about a stereotype; `nil` if nothing.
  package var bias: QuestionBias?

  package init(
    identifier: String, row: Int, context: String? = nil, question: String, options: [String], answer: Int? = nil,
    condition: ContextCondition? = nil, attributes: [String: [String]] = [:], bias: QuestionBias? = nil
  ) {
    self.identifier = identifier
    self.row = row
    self.context = context
    self.question = question
    self.options = options
    self.answer = answer
    self.condition = condition
    self.attributes = attributes
    self.bias = bias
  }
}

/// Whether a question's context tells the answer.
package enum ContextCondition: String, Equatable, Sendable {
  /// It does not: the right answer is the unknown option.
  case ambiguous
  case disambiguated
}

/// Whether a question asks who does what the stereotype says, or who does not.
package enum QuestionPolarity: String, Equatable, Sendable {
  case negative
  case nonnegative
}

/// The relation of an option to the question's stereotype.
package enum OptionKind: String, Codable, CaseIterable, Equatable, Sendable {
  /// The stereotyped group.
  case target
  /// Another group.
  case other
  /// No group: "cannot be determined".
  case unknown
}

/// The relation of a question's options to a stereotype.
package struct QuestionBias: Equatable, Sendable {
  /// The position of the option that names the stereotyped group.
  package var target: Int
  /// The position of the option that names no group; `nil` if there is none.
  package var unknown: Int?
  package var polarity: QuestionPolarity

  package init(target: Int, unknown: Int?, polarity: QuestionPolarity = .negative) {
    self.target = target
    self.unknown = unknown
    self.polarity = polarity
  }

  package func kind(of option: Int) -> OptionKind {
    option == unknown ? .unknown : option == target ? .target : .other
  }

  /// Whether choosing an option agrees with the stereotype: that of the target in a negative question, that of another
  /// group in a nonnegative one; never the unknown option (Parrish et al. 2022, section 4).
  package func isBiased(_ option: Int) -> Bool {
    kind(of: option) == (polarity == .negative ? .target : .other)
  }
}

/// The attributes that groups and clusters are formed from: every item's tags by key.
package enum AttributeGroups {
  /// The groups of some keys, a group a tag, in the order of the keys and of the tags. An item with several tags is in
  /// several groups.
  package static func subgroups(of attributes: [[String: [String]]], keys: [String]) -> [Subgroup] {
    keys.flatMap { key in
      var positions: [String: [Int]] = [:]
      for (item, attributes) in attributes.enumerated() {
        for tag in Set(attributes[key] ?? []) { positions[tag, default: []].append(item) }
      }
      return positions.sorted { $0.key < $1.key }.map { Subgroup(column: key, value: $0.key, items: $0.value) }
    }
  }

  /// The cluster of every item, from 0: items with the same tags of a key are one; without a key, or without tags of
  /// it, an item is a cluster of its own.
  package static func clusters(of attributes: [[String: [String]]], key: String?) -> [Int] {
    var numbers: [[String]: Int] = [:]
    var next = 0
    return attributes.map { attributes in
      if let tags = key.flatMap({ attributes[$0] }), let number = numbers[tags] { return number }
      if let tags = key.flatMap({ attributes[$0] }) { numbers[tags] = next }
      defer { next += 1 }
      return next
    }
  }
}

/// Requirements on the texts among which a model chooses.
enum ChoiceTexts {
  /// Checks that there are at least two, none empty and no two equal. Spaces around a text are not scored, so that they
  /// tell none from another.
  static func check(_ texts: [String], noun: String) throws(RowError.Problem) {
    guard texts.count >= 2 else { throw .tooFew(noun: noun, found: texts.count) }
    var first: [String: Int] = [:]
    for (position, text) in texts.map(\.trimmed).enumerated() {
      guard !text.isEmpty else { throw .empty(noun: noun, position: position) }
      if let first = first[text] { throw .equal(noun: noun, first: first, second: position) }
      first[text] = position
    }
  }
}
