package import Support

/// The data as the plan needs them: the items' attributes as numbers, and the hashes of their contents.
package struct PlanInput: Sendable {
  /// The item's label as an index into `classes`.
  package var labels: [Int]
  package var classes: [String]
  /// One name per item; items of equal name stay on one side of every split.
  package var clusters: [String]
  /// The columns to stratify by, each with one value per own item.
  package var strata: [[String]]
  /// `train`, `validation` or `test` an own item, where the data says so itself.
  package var givenSplit: [Split]?
  /// The digest of every item's content.
  package var contents: [ContentHash]
  /// The groups: a column, a value and the positions of their items.
  package var groups: [Group]
  /// The digest of the base checkpoint.
  package var base: ContentHash
  /// The digests of external adapters, by the name of their arm.
  package var adapters: [String: ContentHash]
  /// The items as a model of text sees them; nil for images.
  package var sequences: Sequences?
  /// Further test sets: their items follow all others and belong to no split.
  package var furtherTests: [FurtherTest]

  package init(
    labels: [Int], classes: [String], clusters: [String], strata: [[String]], givenSplit: [Split]?,
    contents: [ContentHash], groups: [Group], base: ContentHash,
    adapters: [String: ContentHash] = [:], sequences: Sequences? = nil,
    furtherTests: [FurtherTest] = []
  ) {
    self.labels = labels
    self.classes = classes
    self.clusters = clusters
    self.strata = strata
    self.givenSplit = givenSplit
    self.contents = contents
    self.groups = groups
    self.base = base
    self.adapters = adapters
    self.sequences = sequences
    self.furtherTests = furtherTests
  }

  /// How many items are the data's own; the items of further tests follow them.
  package var ownItems: Int { furtherTests.first?.items.lowerBound ?? labels.count }

  /// The names of all groups, cut where there are many.
  var groupNames: String {
    let names = groups.map { "\($0.column)=\($0.value)" }
    return names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
  }

  /// How many outputs the evaluation of each of these items has.
  package func outputs(of items: [Int], _ question: EvaluationQuestion = EvaluationQuestion()) -> OutputCounts {
    guard let numbers = sequences?.numbers else { return .uniform(classes.count * question.queries) }
    return .each(items.map { numbers[$0] + question.generatedTokens })
  }

  /// The right answers of these items; nil where an item has more than one sequence, and so no loss of its own.
  package func answers(of items: [Int]) -> ValidationAnswers? {
    guard let sequences, let numbers = sequences.numbers else {
      return .labels(items.map { labels[$0] }, classes: classes.count)
    }
    guard items.allSatisfy({ numbers[$0] == 1 && sequences.targets.indices.contains($0) }) else { return nil }
    return .tokens(items.map { sequences.targets[$0] })
  }

  /// Items as token sequences.
  package struct Sequences: Sendable, Equatable {
    /// Tokens of each item, by which items may be grouped into micro-batches.
    package var lengths: [Int]
    /// The number of outputs of each item's evaluation; nil for one logit per class.
    package var numbers: [Int]?
    /// The tokens of each item's first sequence that a model learns or scores; empty where items have classes.
    package var targets: [Int]
    /// The digest of all tokens.
    package var digest: ContentHash

    package init(lengths: [Int], numbers: [Int]? = nil, targets: [Int] = [], digest: ContentHash) {
      self.lengths = lengths
      self.numbers = numbers
      self.targets = targets
      self.digest = digest
    }
  }

  /// Items of another file that models are tested on.
  package struct FurtherTest: Sendable, Equatable {
    package var name: String
    package var items: Range<Int>
    package var groups: [Group]

    package init(name: String, items: Range<Int>, groups: [Group]) {
      (self.name, self.items, self.groups) = (name, items, groups)
    }
  }

  /// A set of items that share an attribute.
  package struct Group: Sendable, Equatable {
    package var column: String
    package var value: String
    /// Item positions, ascending.
    package var members: [Int]
    /// Whether it combines several columns, and may be too small to be evaluated by itself.
    package var isCombined: Bool

    package init(column: String, value: String, members: [Int], isCombined: Bool = false) {
      self.column = column
      self.value = value
      self.members = members
      self.isCombined = isCombined
    }
  }
}

/// A part of the data.
package enum Split: String, Sendable, CaseIterable {
  case train
  case validation
  case test
}

/// Data from which no plan can be made.
package struct PlanError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The key of the specification that the data do not suffice for, for example `data.split`.
  package let key: String
  /// What is wrong and what to do.
  package let problem: String

  init(key: String, _ problem: String) {
    (self.key, self.problem) = (key, problem)
  }

  package var description: String { "\(key): \(problem)" }
}
