internal import Checkpoints
internal import Datasets
internal import Support
internal import Tokenizers

/// Invented reviews or questions about them, and a Llama that was pretrained on other texts, with a tokenizer that was
/// learned from these.
struct ReviewsInput {
  let directory: String
  /// Text classification or multiple choice.
  let task: QuickstartTask
  private let key = RandomKey(seed: 20)[.quickstart][.reviews]

  private enum Size {
    static let authors = 700
    static let reviewsPerAuthor = 4
    static let questions = 900
    static let correctedTexts = 600
    static let vocabulary = 512
  }

  init(directory: String, task: QuickstartTask) {
    (self.directory, self.task) = (directory, task)
  }

  private var isOfQuestions: Bool { task == .multipleChoice }
  private var data: String { "\(directory)/data" }

  /// - Returns: The audit's specification.
  func make(pretraining: Pretraining, line: (String) -> Void) throws -> String {
    line(isOfQuestions ? "inventing questions about reviews" : "inventing reviews")
    let specification = try isOfQuestions ? writeQuestions() : writeReviews()
    line("learning a tokenizer and pretraining the base on other texts")
    try FileBytes.makeFolder("\(pretraining.folder)/data")
    let texts = try ReviewGenerator(key: key[.pretraining]).writePretrainingTexts(
      reviews: isOfQuestions ? 500 : 3_000, answeredQuestions: isOfQuestions ? 5_500 : 0,
      to: "\(pretraining.folder)/data/texts.csv")
    let tokenizer = "\(pretraining.folder)/tokenizer"
    try FileBytes.makeFolder(tokenizer)
    try SentencePieceTrainer(vocabularySize: Size.vocabulary).write(learnedFrom: texts, to: tokenizer)
    try writeRandomCheckpoint(to: pretraining.random, tokenizer: tokenizer)
    try pretraining.run(
      specification: ReviewsSpecifications.pretraining(epochs: isOfQuestions ? 5 : 4),
      to: "\(directory)/models/llama-reviews")
    return specification
  }

  private func writeReviews() throws -> String {
    let reviews = try ReviewGenerator(key: key[.task]).writeReviews(
      authors: Size.authors, reviewsPerAuthor: Size.reviewsPerAuthor, to: data)
    return ReviewsSpecifications.classification(
      ceilings: Dialect.allCases.compactMap { dialect in
        reviews.idealAccuracy[dialect].map { "\(dialect.rawValue) \((1000 * $0).rounded() / 1000)" }
      })
  }

  private func writeQuestions() throws -> String {
    let generator = ReviewGenerator(key: key[.task])
    let questions = try generator.writeQuestions(count: Size.questions, to: data)
    try generator.writeCorrectedTexts(count: Size.correctedTexts, to: "\(data)/corrected.csv")
    return ReviewsSpecifications.choices(
      planted: Dialect.allCases.compactMap { dialect in
        questions.plantedShare[dialect].map { "\(dialect.rawValue) \((1000 * $0).rounded() / 1000)" }
      })
  }

  private func writeRandomCheckpoint(to folder: String, tokenizer: String) throws {
    let configuration = ModelConfiguration.llama(
      LlamaConfiguration(
        family: .llama, vocabularySize: Size.vocabulary, hiddenSize: 64, intermediateSize: 128, layerCount: 3,
        headCount: 4, keyValueHeadCount: 2, maximumPositions: 64, beginningToken: 1, endTokens: [2]))
    try CheckpointWriter.writeCheckpoint(
      folder: folder, configuration: configuration, head: .languageModel, preprocessing: nil, labels: [],
      values: RandomCheckpoint.values(configuration: configuration, head: .languageModel, key: key[.base]),
      tokenizer: tokenizer)
  }
}
