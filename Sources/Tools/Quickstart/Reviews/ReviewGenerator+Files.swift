import Datasets
import Support

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

  /// Writes `questions.jsonl` into `folder`, which is made where it is missing: a line a question with the keys `id`,
  /// `context`, `question`, `options`, `answer`, `dialect` and `kind`.
  package func writeQuestions(count: Int, to folder: String) throws -> QuestionDataset {
    guard count > 0 else { throw ReviewGeneratorError(what: "questions", count: count) }
    try FileBytes.makeFolder(folder)
    var lines = ""
    var questions: [Dialect: Int] = [:]
    var hasty: [Dialect: Int] = [:]
    for (place, question) in self.questions(count: count).enumerated() {
      lines += question.jsonLine(identifier: "q" + padded(place + 1)) + "\n"
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
