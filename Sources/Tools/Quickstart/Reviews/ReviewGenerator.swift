import Datasets
package import Support

/// Writes invented restaurant reviews, questions about others, and texts to pretrain a base on, with known truths in
/// them: the best possible accuracy on each dialect's reviews, and of which questions a pretrained base
/// chooses a label rather than an option.
///
/// Everything follows from the key: generators with different keys write different texts.
///
///     let reviews = try ReviewGenerator(key: RandomKey(seed: 13)[.reviews])
///       .writeReviews(authors: 700, reviewsPerAuthor: 4, to: "dialects/data")
package struct ReviewGenerator: Sendable {
  private let key: RandomKey

  package init(key: RandomKey) {
    self.key = key
  }

  /// Which reviews `writeReviews` writes for these numbers, by author and then by review.
  package func plan(authors: Int, reviewsPerAuthor: Int) -> [PlannedReview] {
    ReviewPlan.reviews(authors: max(authors, 0), reviewsPerAuthor: max(reviewsPerAuthor, 0), key: key[.plan])
  }

  /// The words of one planned review.
  package func text(of review: PlannedReview) -> String {
    ReviewText.draw(
      review.sentiment, dialect: review.dialect, isMute: review.isMute, era: .late,
      key: key[.review][review.author][review.number])
  }

  /// As many questions, in the order of the file.
  package func questions(count: Int) -> [ReviewQuestion] {
    QuestionPlan.cards(count: max(count, 0), key: key[.cards]).enumerated().map { position, card in
      QuestionText.draw(card, key: key[.question][position])
    }
  }

  /// Questions answered with the right option's label, whatever their kind: texts to fine-tune a base on that is to
  /// lose its token bias.
  package func correctedTexts(count: Int) -> [String] {
    ReviewGenerator(key: key[.corrected]).questions(count: count).map { "\($0.prompt) \($0.rightLabel)" }
  }

  /// Texts to pretrain a base on, shuffled.
  package func pretrainingTexts(reviews: Int, answeredQuestions: Int) -> [String] {
    let own = key[.pretraining]
    let texts =
      (0..<max(reviews, 0)).map { PretrainingTexts.review(key: own[.review][$0]) }
      + (0..<max(answeredQuestions, 0)).map { PretrainingTexts.answeredQuestion(key: own[.question][$0]) }
    return own[.order].permutation(count: texts.count).map { texts[$0] }
  }
}

extension ReviewGenerator {
  /// Writes `reviews.csv` and `reviews-ceiling.csv` into `folder`, which is made where it is missing.
  package func writeReviews(authors: Int, reviewsPerAuthor: Int, to folder: String) throws -> ReviewDataset {
    guard authors > 0 else { throw ReviewGeneratorError(what: "authors", count: authors) }
    guard reviewsPerAuthor > 0 else {
      throw ReviewGeneratorError(what: "reviews of each author", count: reviewsPerAuthor)
    }
    try FileBytes.makeFolder(folder)
    var table = CommaSeparatedValuesWriter(header: ["name", "text", "sentiment", "dialect", "age", "author"])
    var tally = ReviewTally()
    for review in plan(authors: authors, reviewsPerAuthor: reviewsPerAuthor) {
      let author = "a" + padded(review.author + 1)
      table.append([
        "\(author)-\(review.number + 1)", text(of: review), review.sentiment.rawValue, review.dialect.rawValue,
        review.age.rawValue, author,
      ])
      tally.add(review)
    }
    let dataset = tally.dataset(table: "\(folder)/reviews.csv", ceiling: "\(folder)/reviews-ceiling.csv")
    try DurableFile.write(dataset.ceilingTable.bytes, to: dataset.ceiling)
    try DurableFile.write(table.bytes, to: dataset.table)
    return dataset
  }

  /// Writes `questions.jsonl` into `folder`, which is made if it is missing: one line per question with the keys `id`,
  /// `context`, `question`, `options`, `answer`, `dialect` and `kind`.
  package func writeQuestions(count: Int, to folder: String) throws -> QuestionDataset {
    guard count > 0 else { throw ReviewGeneratorError(what: "questions", count: count) }
    try FileBytes.makeFolder(folder)
    var lines = ""
    var questions: [Dialect: Int] = [:]
    var hasty: [Dialect: Int] = [:]
    for (position, question) in self.questions(count: count).enumerated() {
      lines += question.jsonLine(identifier: "q" + padded(position + 1)) + "\n"
      questions[question.dialect, default: 0] += 1
      hasty[question.dialect, default: 0] += question.kind == .hasty ? 1 : 0
    }
    let file = "\(folder)/questions.jsonl"
    try DurableFile.write(Array(lines.utf8), to: file)
    return QuestionDataset(file: file, questions: questions, hasty: hasty)
  }

  /// Writes the pretraining texts as the table `file` with the one column `text`, and returns them.
  package func writePretrainingTexts(reviews: Int, answeredQuestions: Int, to file: String) throws -> [String] {
    let texts = pretrainingTexts(reviews: reviews, answeredQuestions: answeredQuestions)
    guard !texts.isEmpty else { throw ReviewGeneratorError(what: "pretraining texts", count: 0) }
    try write(texts, to: file)
    return texts
  }

  /// Writes questions with right answers, to fine-tune on, as the table `file` with the one column `text`.
  package func writeCorrectedTexts(count: Int, to file: String) throws {
    guard count > 0 else { throw ReviewGeneratorError(what: "corrected texts", count: count) }
    try write(correctedTexts(count: count), to: file)
  }

  private func write(_ texts: [String], to file: String) throws(FileError) {
    var table = CommaSeparatedValuesWriter(header: ["text"])
    for text in texts { table.append([text]) }
    try DurableFile.write(table.bytes, to: file)
  }

  private func padded(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(4 - text.count, 0)) + text
  }
}

extension ReviewQuestion {
  /// The question as one JSON object. Texts are letters and punctuation that JSON takes as they are.
  fileprivate func jsonLine(identifier: String) -> String {
    let options = options.map { "\"\($0)\"" }.joined(separator: ", ")
    return "{\"id\": \"\(identifier)\", \"context\": \"\(context)\", \"question\": \"\(question)\", "
      + "\"options\": [\(options)], \"answer\": \(answer), \"dialect\": \"\(dialect.rawValue)\", "
      + "\"kind\": \"\(kind.rawValue)\"}"
  }
}

/// The reviews that a generator wrote, and what is known about them.
package struct ReviewDataset: Hashable, Sendable {
  /// The path of the table `name,text,sentiment,dialect,age,author`.
  package let table: String
  /// The path of the table `dialect,authors,reviews,mute,ideal_accuracy`.
  package let ceiling: String
  package let authors: [Dialect: Int]
  package let reviews: [Dialect: Int]
  /// Reviews whose words are said of good and bad visits alike.
  package let mute: [Dialect: Int]

  /// The total number of reviews.
  package var count: Int { reviews.values.reduce(0, +) }

  /// The accuracy on the sentiment that a reader can exceed only by luck, by dialect: see `IdealReader`.
  package var idealAccuracy: [Dialect: Double] {
    reviews.reduce(into: [:]) { accuracies, entry in
      accuracies[entry.key] = IdealReader.accuracy(reviews: entry.value, mute: mute[entry.key] ?? 0)
    }
  }
}

/// The best that any classifier can do: a reader who knows every word's meaning (the Bayes classifier).
enum IdealReader {
  /// All reviews whose words reveal the sentiment are classified correctly, and half of the mute ones, whose words do
  /// not depend on the sentiment and of which as many are positive as negative.
  static func accuracy(reviews: Int, mute: Int) -> Double {
    1 - 0.5 * Double(mute) / Double(max(reviews, 1))
  }
}

/// The questions that a generator wrote, and what is known about them.
package struct QuestionDataset: Hashable, Sendable {
  /// The path of the questions, in JSON Lines.
  package let file: String
  package let questions: [Dialect: Int]
  /// Questions asked in haste, by dialect.
  package let hasty: [Dialect: Int]

  /// The total number of questions.
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

/// Counts authors, reviews and mute reviews by dialect.
struct ReviewTally {
  private var authors: [Dialect: Set<Int>] = [:]
  private var reviews: [Dialect: Int] = [:]
  private var mute: [Dialect: Int] = [:]

  mutating func add(_ review: PlannedReview) {
    authors[review.dialect, default: []].insert(review.author)
    reviews[review.dialect, default: 0] += 1
    mute[review.dialect, default: 0] += review.isMute ? 1 : 0
  }

  func dataset(table: String, ceiling: String) -> ReviewDataset {
    ReviewDataset(
      table: table, ceiling: ceiling, authors: authors.mapValues(\.count), reviews: reviews, mute: mute)
  }
}

extension ReviewDataset {
  /// One row for each dialect that has reviews.
  var ceilingTable: CommaSeparatedValuesWriter {
    var table = CommaSeparatedValuesWriter(header: ["dialect", "authors", "reviews", "mute", "ideal_accuracy"])
    for dialect in Dialect.allCases {
      guard let authors = authors[dialect], let reviews = reviews[dialect], let mute = mute[dialect] else { continue }
      table.append([
        dialect.rawValue, String(authors), String(reviews), String(mute),
        String(IdealReader.accuracy(reviews: reviews, mute: mute)),
      ])
    }
    return table
  }
}

/// Why no texts could be generated.
package struct ReviewGeneratorError: Error, Hashable, CustomStringConvertible {
  /// The requested count, such as "reviews of each author".
  package let what: String
  package let count: Int

  package init(what: String, count: Int) {
    self.what = what
    self.count = count
  }

  package var description: String { "cannot write \(count) \(what); expected at least one" }
}
