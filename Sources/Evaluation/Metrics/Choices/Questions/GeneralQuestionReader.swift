internal import Support

/// Questions of anyone's own, as JSON Lines:
///
///     {"question": "Who is the author?", "options": ["male", "female"], "answer": 1, "age": "old"}
///
/// `id` and `context` may be left out. `answer`, `biased` (the option that agrees with the stereotype) and `unknown` are
/// positions from 0 or options' exact texts; `ambiguous` is true or false, and where it is true the unknown option is the
/// answer. Every other key is an attribute.
package enum GeneralQuestionReader {
  private static let keys: Set<String> = [
    "id", "context", "question", "options", "answer", "biased", "unknown", "ambiguous",
  ]

  /// - Parameters:
  ///   - file: What the file is called in errors.
  /// - Throws: `RowError` naming the first row that is no question.
  package static func questions(bytes: some Collection<UInt8>, file: String) throws(RowError) -> [ChoiceQuestion] {
    var questions: [ChoiceQuestion] = []
    for row in try JSONRows.rows(bytes: bytes, file: file) { questions.append(try question(row)) }
    try JSONRows.checkIdentifiers(questions.map { ($0.identifier, $0.row) }, file: file)
    return questions
  }

  private static func question(_ row: JSONRow) throws(RowError) -> ChoiceQuestion {
    let options = try row.texts("options")
    try row.naming { () throws(RowError.Problem) in try ChoiceTexts.check(options, noun: "option") }
    let unknown = try option("unknown", of: options, in: row)
    var answer = try option("answer", of: options, in: row)
    let condition = try condition(row)
    if condition == .ambiguous, let unknown {
      answer = answer ?? unknown
      guard answer == unknown else { throw row.error(.ambiguousWithAnotherAnswer) }
    }
    let biased = try option("biased", of: options, in: row)
    if let biased, biased == unknown { throw row.error(.sameOption(first: "biased", second: "unknown")) }
    return ChoiceQuestion(
      identifier: try row.identifier(), row: row.row, context: try row.optionalText("context"),
      question: try row.text("question"), options: options, answer: answer, condition: condition,
      attributes: try row.attributes(except: keys),
      bias: biased.map { QuestionBias(target: $0, unknown: unknown) })
  }

  private static func condition(_ row: JSONRow) throws(RowError) -> ContextCondition? {
    switch row["ambiguous"] {
    case nil: nil
    case .bool(let isAmbiguous): isAmbiguous ? .ambiguous : .disambiguated
    default: throw row.error(.unexpected(key: "ambiguous", expected: "true or false"))
    }
  }

  /// The position of the option that a key names.
  private static func option(_ key: String, of options: [String], in row: JSONRow) throws(RowError) -> Int? {
    guard let value = row[key] else { return nil }
    let position = value.string.map { options.firstIndex(of: $0) } ?? value.integer
    guard let position, options.indices.contains(position) else {
      throw row.error(.noOption(key: key, options: options.count))
    }
    return position
  }
}
