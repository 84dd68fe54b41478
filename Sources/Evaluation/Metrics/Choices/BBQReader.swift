import Support

/// A question of BBQ in which no single option is the stereotyped group's, so that it counts for accuracy alone.
package struct UnresolvedQuestion: Equatable, Sendable {
  package var identifier: String
  package var row: Int
  package var reason: String
}

/// The questions of one file of BBQ.
package struct BBQQuestions: Equatable, Sendable {
  package var questions: [ChoiceQuestion]
  package var unresolved: [UnresolvedQuestion]
}

/// The Bias Benchmark for Question Answering as it was released (Parrish et al. 2022), one JSON Lines file per
/// category.
///
/// The attributes are `category`, `template` (the category and question index, which is the cluster),
/// `stereotyped_group`, `target_group` and `other_group` (the tags of the two options that name a group),
/// `question_polarity` and `context_condition`.
package enum BBQReader {
  /// - Parameters:
  ///   - file: What the file is called in errors.
  /// - Throws: `RowError` naming the first row that is not a question of BBQ.
  package static func questions(bytes: some Collection<UInt8>, file: String) throws(RowError) -> BBQQuestions {
    var result = BBQQuestions(questions: [], unresolved: [])
    for row in try JSONRows.rows(bytes: bytes, file: file) {
      let (question, reason) = try question(row)
      result.questions.append(question)
      if let reason {
        result.unresolved.append(
          UnresolvedQuestion(identifier: question.identifier, row: row.row, reason: reason))
      }
    }
    try JSONRows.checkIdentifiers(result.questions.map { ($0.identifier, $0.row) }, file: file)
    return result
  }

  private static func question(_ row: JSONRow) throws(RowError) -> (question: ChoiceQuestion, reason: String?) {
    let category = try row.text("category")
    let options = try options(row)
    let answer = try row.integer("label")
    guard options.indices.contains(answer) else { throw row.error(.noOption(key: "label", options: options.count)) }
    let template = "\(category)/\(try row.text("question_index"))"
    let polarity: QuestionPolarity = try row.oneOf("question_polarity", ["neg": .negative, "nonneg": .nonnegative])
    let condition: ContextCondition =
      try row.oneOf("context_condition", ["ambig": .ambiguous, "disambig": .disambiguated])
    let groups = try stereotypedGroups(row)
    var question = ChoiceQuestion(
      identifier: "\(category)/\(try row.integer("example_id"))", row: row.row,
      context: try row.optionalText("context"),
      question: try row.text("question"), options: options, answer: answer, condition: condition,
      attributes: [
        "category": [category], "template": [template], "question_polarity": [polarity.rawValue],
        "context_condition": [condition.rawValue],
      ])
    if !groups.isEmpty { question.attributes["stereotyped_group"] = groups }
    let tags = try BBQTags(row, options: options.count)
    switch tags.resolve(stereotypedGroups: groups) {
    case .unresolved(let reason): return (question, reason)
    case .resolved(let target, let unknown):
      if condition == .ambiguous, answer != unknown { throw row.error(.ambiguousWithAnotherAnswer) }
      question.bias = QuestionBias(target: target, unknown: unknown, polarity: polarity)
      question.attributes["target_group"] = [tags.tag(target)]
      let others = options.indices.filter { $0 != target && $0 != unknown }.map(tags.tag)
      if !others.isEmpty { question.attributes["other_group"] = others }
      return (question, nil)
    }
  }

  /// `ans0`, `ans1` and so on.
  private static func options(_ row: JSONRow) throws(RowError) -> [String] {
    var options: [String] = []
    while let option = try row.optionalText("ans\(options.count)") { options.append(option) }
    let texts = options
    try row.naming { () throws(RowError.Problem) in try ChoiceTexts.check(texts, noun: "option") }
    return options
  }

  private static func stereotypedGroups(_ row: JSONRow) throws(RowError) -> [String] {
    guard let metadata = row["additional_metadata"] else { throw row.error(.missing(key: "additional_metadata")) }
    guard let groups = metadata["stereotyped_groups"]?.tags else {
      throw row.error(
        .unexpected(
          key: "additional_metadata", expected: "an object in which \"stereotyped_groups\" is a list of texts"))
    }
    return groups
  }
}

extension JSONRow {
  fileprivate func integer(_ key: String) throws(RowError) -> Int {
    guard let value = self[key] else { throw error(.missing(key: key)) }
    guard let number = value.integer else { throw error(.unexpected(key: key, expected: "a whole number")) }
    return number
  }

  fileprivate func oneOf<Value>(_ key: String, _ values: KeyValuePairs<String, Value>) throws(RowError) -> Value {
    let text = try text(key)
    guard let found = values.first(where: { $0.key == text }) else {
      throw error(.unexpected(key: key, expected: values.map { "\"\($0.key)\"" }.joined(separator: " or ")))
    }
    return found.value
  }
}

/// BBQ's annotation of every option of a question: a name and a tag, such as "the Muslim man" and "Muslim".
struct BBQTags {
  enum Resolution: Equatable {
    case resolved(target: Int, unknown: Int)
    case unresolved(reason: String)
  }

  private let names: [String]
  private let tags: [String]

  /// - Throws: `RowError` if `answer_info` does not have a name and a tag for every option.
  init(_ row: JSONRow, options: Int) throws(RowError) {
    guard let value = row["answer_info"] else { throw row.error(.missing(key: "answer_info")) }
    let expected = "an object with a name and a tag for each of \"ans0\" to \"ans\(options - 1)\""
    guard value.members != nil else { throw row.error(.unexpected(key: "answer_info", expected: expected)) }
    var names: [String] = []
    var tags: [String] = []
    for option in 0..<options {
      guard let pair = value["ans\(option)"]?.strings, let name = pair.first, let tag = pair.last, pair.count == 2
      else {
        throw row.error(.unexpected(key: "answer_info", expected: expected))
      }
      names.append(name)
      tags.append(tag)
    }
    (self.names, self.tags) = (names, tags)
  }

  /// The tag of an option; empty for a position outside the options.
  func tag(_ option: Int) -> String { tags.indices.contains(option) ? tags[option] : "" }

  /// The option whose tag is among the stereotyped groups. A tag counts as it is written; where that finds none,
  /// without regard to case and to the gender that some categories write before it ("F-Black"); and then the
  /// name instead.
  func resolve(stereotypedGroups: [String]) -> Resolution {
    let unknowns = tags.indices.filter { Self.plain(tags[$0]) == "unknown" }
    guard let unknown = unknowns.first, unknowns.count == 1 else {
      return .unresolved(reason: "\(unknowns.count) options have the tag unknown; expected one")
    }
    guard !stereotypedGroups.isEmpty else { return .unresolved(reason: "it names no stereotyped group") }
    let exact = Set(stereotypedGroups)
    let plain = Set(stereotypedGroups.map(Self.plain))
    let attempts: [(Int) -> Bool] = [
      { exact.contains(tags[$0]) }, { plain.contains(Self.plain(tags[$0])) }, { plain.contains(Self.plain(names[$0])) },
    ]
    for attempt in attempts {
      let found = tags.indices.filter { $0 != unknown && attempt($0) }
      guard let target = found.first else { continue }
      guard found.count == 1 else {
        return .unresolved(reason: "\(found.count) options are of stereotyped groups; expected one")
      }
      return .resolved(target: target, unknown: unknown)
    }
    return .unresolved(reason: "no option has the tag of a stereotyped group")
  }

  private static func plain(_ tag: String) -> String {
    let text = tag.trimmed.lowercased()
    return text.hasPrefix("f-") || text.hasPrefix("m-") ? String(text.dropFirst(2)) : text
  }
}
