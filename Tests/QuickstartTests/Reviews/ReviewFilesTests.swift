import Datasets
import Foundation
import Quickstart
import Support
import TestSupport
import Testing

@Suite struct ReviewFilesTests {
  private let generator = ReviewGenerator(key: RandomKey(seed: 5)["files"])

  @Test("The written reviews are a manifest of the planned texts with the figures it returns")
  func reviews() throws {
    let folder = try TemporaryFolder()
    let dataset = try generator.writeReviews(authors: 100, reviewsPerAuthor: 4, to: folder.path + "/data")
    #expect(dataset.count == 400)
    #expect(dataset.authors == [.coastal: 44, .inland: 44, .highland: 12])
    #expect(dataset.reviews == [.coastal: 176, .inland: 176, .highland: 48])
    let columns = ManifestColumns(
      text: "text", name: "name", label: "sentiment", groups: ["dialect", "age"], cluster: "author")
    let manifest = try Manifest(file: dataset.table, columns: columns)
    #expect(manifest.classNames == ["negative", "positive"])
    let plan = generator.plan(authors: 100, reviewsPerAuthor: 4)
    #expect(manifest.items.count == plan.count)
    for (item, review) in zip(manifest.items, plan) {
      #expect(item.label == review.sentiment.rawValue)
      #expect(item.groups == [[review.dialect.rawValue], [review.age.rawValue]])
    }
    #expect(manifest.items[5].name == "a0002-2")
    let rows = try CommaSeparatedValues(file: dataset.table).rows
    #expect(rows.map { $0.fields[1] } == plan.map(generator.text))
    let ceiling = try CommaSeparatedValues(file: dataset.ceiling)
    #expect(ceiling.header == ["dialect", "authors", "reviews", "mute", "ideal_accuracy"])
    for (row, dialect) in zip(ceiling.rows, Dialect.allCases) {
      let mute = plan.count { $0.dialect == dialect && $0.isMute }
      let ideal = try #require(dataset.idealAccuracy[dialect])
      #expect(dataset.mute[dialect] == mute)
      #expect(ideal == 1 - Double(mute) / 2 / Double(dataset.reviews[dialect] ?? 0))
      #expect(
        row.fields == [
          dialect.rawValue, String(dataset.authors[dialect] ?? 0), String(dataset.reviews[dialect] ?? 0), String(mute),
          String(ideal),
        ])
    }
  }

  @Test("The written questions are JSON with the planted shares it returns")
  func questions() throws {
    struct Row: Decodable, Equatable {
      let id: String
      let context: String
      let question: String
      let options: [String]
      let answer: Int
      let dialect: String
      let kind: String
    }
    let folder = try TemporaryFolder()
    let dataset = try generator.writeQuestions(count: 900, to: folder.path)
    #expect(dataset.questions == [.coastal: 396, .inland: 396, .highland: 108])
    #expect(dataset.hasty == [.coastal: 79, .inland: 79, .highland: 54])
    #expect(dataset.plantedShare[.highland] == 0.5)
    #expect(dataset.overallPlantedShare == 212.0 / 900)
    let text = String(decoding: try FileBytes.read(dataset.file), as: UTF8.self)
    let rows = try text.split(separator: "\n").map { try JSONDecoder().decode(Row.self, from: Data($0.utf8)) }
    let expected = generator.questions(count: 900).enumerated().map { place, question in
      let number = String(place + 1)
      return Row(
        id: "q" + String(repeating: "0", count: 4 - number.count) + number, context: question.context,
        question: question.question, options: question.options, answer: question.answer,
        dialect: question.dialect.rawValue, kind: question.kind.rawValue)
    }
    #expect(rows == expected)
  }

  @Test("Pretraining texts come back from their table unchanged, line breaks included")
  func corpus() throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/corpus.csv"
    let texts = try generator.writePretrainingTexts(reviews: 30, answeredQuestions: 40, to: file)
    #expect(texts.count == 70)
    #expect(texts.count { $0.contains("\nAnswer: ") } == 40)
    let table = try CommaSeparatedValues(file: file)
    #expect(table.header == ["text"])
    #expect(table.rows.map(\.fields) == texts.map { [$0] })
    try generator.writeCorrectedTexts(count: 12, to: file)
    let corrected = try CommaSeparatedValues(file: file).rows.map(\.fields)
    #expect(corrected == generator.correctedTexts(count: 12).map { [$0] })
  }

  @Test("Nothing to write is an error that says what")
  func nothing() {
    let authors = #expect(throws: ReviewGeneratorError.self) {
      try generator.writeReviews(authors: 0, reviewsPerAuthor: 4, to: "/nowhere")
    }
    #expect(authors == ReviewGeneratorError(what: "authors", count: 0))
    let questions = #expect(throws: ReviewGeneratorError.self) {
      try generator.writeQuestions(count: -1, to: "/nowhere")
    }
    #expect(questions?.description == "cannot write -1 questions; expected at least one")
    #expect(throws: ReviewGeneratorError.self) {
      try generator.writePretrainingTexts(reviews: 0, answeredQuestions: 0, to: "/nowhere/corpus.csv")
    }
  }
}
