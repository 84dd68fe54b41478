import Checkpoints
import Foundation
import Models
import Optimization
import Support
import Testing
import Torch

/// Llama and Mistral beside transformers and peft, on the checkpoints of scripts/oracles/language_models.py.
@Suite(.timeLimit(.minutes(45)), .enabled(if: OracleScript.isAvailable, "needs .python; run scripts/setup --tests"))
struct LlamaTests {
  private static let script = Result { try OracleScript("language_models.py") }
  static let cases = ["llama", "llama-grouped", "mistral"]

  /// One case of the script.
  private struct Case {
    let folder: String
    let golden: SafetensorsFile

    init(_ name: String) throws {
      folder = "\(try LlamaTests.script.get().path)/\(name)"
      golden = try SafetensorsFile(path: folder + "/golden.safetensors")
    }

    var classifier: CheckpointFolder { get throws { try CheckpointFolder(path: folder + "/model") } }
    var language: CheckpointFolder { get throws { try CheckpointFolder(path: folder + "/language") } }
    var labels: [Int] { get throws { try golden.integers("labels") } }

    func batch(_ side: String) throws -> TokenBatch {
      try TokenBatch(
        tokens: try golden.integerRows("\(side).input_ids"),
        isText: try golden.integerRows("\(side).attention_mask").map { $0.map { $0 == 1 } })
    }

    func textClassifier(_ method: AdaptationMethod, precision: Precision = .float32) throws -> TextClassifier {
      let checkpoint = try classifier
      let model = try TextClassifier(checkpoint: checkpoint, method: method, labels: 3, precision: precision)
      try model.load(
        parameters: try model.layout.initialValues(from: checkpoint, key: RandomKey(seed: 1), keepHead: true))
      return model
    }

    func adaptedClassifier() throws -> (model: TextClassifier, values: [Float]) {
      let checkpoint = try classifier
      let adapter = try AdapterFolder(path: folder + "/adapter", base: checkpoint)
      let model = try TextClassifier(checkpoint: checkpoint, method: adapter.method, labels: 3)
      try model.load(parameters: adapter.values)
      return (model, adapter.values)
    }

    func languageModel(_ method: AdaptationMethod = .head) throws -> LanguageModel {
      let checkpoint = try language
      let model = try LanguageModel(checkpoint: checkpoint, method: method)
      try model.load(parameters: try model.layout.initialValues(from: checkpoint, key: RandomKey(seed: 1)))
      return model
    }

    /// Every token of a text but its first.
    func targets(_ batch: TokenBatch) -> [[Bool]] {
      batch.isText.map { row in row.indices.map { $0 > 0 && row[$0] && row[$0 - 1] } }
    }

    func compareGradients(_ found: [Float], _ prefix: String, _ layout: TrainableLayout) throws {
      for parameter in layout.parameters where !parameter.name.hasSuffix("k_proj.bias") {
        let expected = try golden.floats("\(prefix).gradient.\(parameter.name)")
        #expect(relativeDifference(Array(found[parameter.range]), expected) < 1e-4, "\(parameter.name)")
      }
    }

    /// The loss before each of 20 AdamW steps of the project's own optimizer.
    func train(_ model: TextClassifier, from values: [Float]) throws -> [Float] {
      var optimizer = AdamW(parameters: values, weightDecay: 0.01)
      let (batch, labels) = (try batch("right"), try labels)
      return try (0..<20).map { _ in
        try model.load(parameters: optimizer.parameters.floats)
        let (loss, gradient) = try model.gradientSum(batch, labels: labels)
        try optimizer.apply(gradientSum: FloatBuffer(gradient), scale: 1 / Float(labels.count), rate: 1e-3)
        return Float(loss / Double(labels.count))
      }
    }
  }

  @Test("A classifier's logits agree with transformers within 1e-4, padded on either side", arguments: cases)
  func classifierLogits(name: String) throws {
    let oracle = try Case(name)
    let models = [try oracle.textClassifier(.head), try oracle.textClassifier(.full)]
    for side in ["left", "right"] {
      for model in models {
        let found = try model.logits(try oracle.batch(side)).flatMap(\.self)
        #expect(largestDifference(found, try oracle.golden.floats("\(side).logits")) < 1e-4, "\(side)")
      }
    }
  }

  @Test("A language model's logits agree with transformers within 1e-4 at every token of a text", arguments: cases)
  func languageLogits(name: String) throws {
    let oracle = try Case(name)
    let model = try oracle.languageModel()
    for side in ["left", "right"] {
      let batch = try oracle.batch(side)
      let logits = try model.logits(batch)
      let vocabulary = try #require(logits.shape.last)
      let (found, expected) = (try logits.floats(), try oracle.golden.floats("\(side).language.logits"))
      for (row, isText) in batch.isText.flatMap(\.self).enumerated() where isText {
        let range = (row * vocabulary)..<((row + 1) * vocabulary)
        #expect(largestDifference(Array(found[range]), Array(expected[range])) < 1e-4, "\(side), row \(row)")
      }
    }
  }

  @Test("Full gradients agree with transformers within 1e-4 of their norm", arguments: cases)
  func fullGradients(name: String) throws {
    let oracle = try Case(name)
    let model = try oracle.textClassifier(.full)
    let (loss, gradient) = try model.gradientSum(try oracle.batch("right"), labels: try oracle.labels)
    #expect(abs(loss - Double(try oracle.golden.floats("full.loss")[0])) < 1e-4)
    try oracle.compareGradients(gradient, "full", model.layout)
  }

  @Test("Logits and gradients of peft's adapter agree with peft within 1e-4", arguments: cases)
  func loraGradients(name: String) throws {
    let oracle = try Case(name)
    let (model, _) = try oracle.adaptedClassifier()
    let batch = try oracle.batch("right")
    let logits = try model.logits(batch).flatMap(\.self)
    #expect(largestDifference(logits, try oracle.golden.floats("lora.logits")) < 1e-4)
    let (loss, gradient) = try model.gradientSum(batch, labels: try oracle.labels)
    #expect(abs(loss - Double(try oracle.golden.floats("lora.loss")[0])) < 1e-4)
    try oracle.compareGradients(gradient, "lora", model.layout)
  }

  @Test("Twenty AdamW steps have the losses of torch to 1e-4, with LoRA and with all weights", arguments: cases)
  func training(name: String) throws {
    let oracle = try Case(name)
    let (model, values) = try oracle.adaptedClassifier()
    let lora = try oracle.train(model, from: values)
    #expect(largestDifference(lora, try oracle.golden.floats("lora.losses")) < 1e-4)
    let full = try oracle.train(try oracle.textClassifier(.full), from: try oracle.classifier.fullValues())
    #expect(largestDifference(full, try oracle.golden.floats("full.losses")) < 1e-4)
  }

  @Test("A language model's loss and gradients over target tokens agree with transformers and peft", arguments: cases)
  func languageGradients(name: String) throws {
    let oracle = try Case(name)
    let batch = try oracle.batch("right")
    let full = try oracle.languageModel(.full)
    let sum = try full.gradientSum(batch, isTarget: oracle.targets(batch))
    #expect(sum.targets == (try oracle.golden.integers("language.targets")[0]))
    #expect(abs(sum.lossSum - Double(try oracle.golden.floats("language.loss")[0])) < 1e-3)
    try oracle.compareGradients(sum.gradient, "language", full.layout)

    let base = try oracle.language
    let adapter = try AdapterFolder(path: oracle.folder + "/language-adapter", base: base)
    let adapted = try LanguageModel(checkpoint: base, method: adapter.method)
    try adapted.load(parameters: adapter.values)
    let lora = try adapted.gradientSum(batch, isTarget: oracle.targets(batch))
    #expect(abs(lora.lossSum - Double(try oracle.golden.floats("language.lora.loss")[0])) < 1e-3)
    try oracle.compareGradients(lora.gradient, "language.lora", adapted.layout)
  }

  @Test("Greedy continuations are those of transformers, token for token", arguments: cases)
  func continuations(name: String) throws {
    let oracle = try Case(name)
    let batch = try oracle.batch("left")
    let prompts = zip(batch.tokens, batch.isText).map { tokens, isText in
      zip(tokens, isText).compactMap { $1 ? $0 : nil }
    }
    let found = try oracle.languageModel().continuations(of: prompts, limit: 12, endTokens: [2])
    let expected = try oracle.golden.integerRows("continuation").map { $0.filter { $0 >= 0 } }
    #expect(found == expected)
    let alone = try oracle.languageModel().continuations(of: [prompts[1]], limit: 12, endTokens: [2])
    #expect(alone == [expected[1]])
  }

  @Test("In bfloat16 logits and gradients are those of 32 bits up to rounding", arguments: cases)
  func bfloat16(name: String) throws {
    let oracle = try Case(name)
    let batch = try oracle.batch("right")
    for method in [AdaptationMethod.full, .lora(LoRAConfiguration(rank: 2, alpha: 4, targets: ["q_proj", "up_proj"]))] {
      let (exact, rounded) = (
        try oracle.textClassifier(method), try oracle.textClassifier(method, precision: .bfloat16)
      )
      let expected = try exact.logits(batch).flatMap(\.self)
      let found = try rounded.logits(batch).flatMap(\.self)
      #expect(found != expected)
      #expect(relativeDifference(found, expected) < 0.05)
      let labels = try oracle.labels
      let difference = relativeDifference(
        try rounded.gradientSum(batch, labels: labels).gradient, try exact.gradientSum(batch, labels: labels).gradient)
      #expect(difference < 0.1)
    }
  }

  /// What `states` makes of each text of a batch, filled up with zeros.
  private static func together(
    _ batch: TokenBatch, pooled: Bool = false, _ states: ([Int]) throws -> Tensor
  ) throws -> Tensor {
    var rows: [Float] = []
    var shape: [Int] = []
    for (tokens, isText) in zip(batch.tokens, batch.isText) {
      let text = try states(zip(tokens, isText).compactMap { $1 ? $0 : nil })
      shape = pooled ? [batch.count, text.shape[1]] : [batch.count, batch.length, text.shape[1]]
      rows += try text.floats()
      guard !pooled else { continue }
      rows += [Float](repeating: 0, count: (batch.length - text.shape[0]) * text.shape[1])
    }
    return try Tensor.copying(rows, shape: shape)
  }

  @Test("From the states behind its frozen prefix a model comes to the same numbers within 1e-5", arguments: cases)
  func frozenPrefix(name: String) throws {
    let oracle = try Case(name)
    let (batch, labels) = (try oracle.batch("right"), try oracle.labels)
    let last = AdaptationMethod.lora(
      LoRAConfiguration(rank: 2, alpha: 4, targets: ["q_proj", "up_proj"], layers: .last(1)))
    func differs(_ found: [Float], _ expected: [Float]) -> Bool { largestDifference(found, expected) >= 1e-5 }
    for method in [last, .head] {
      let model = try oracle.textClassifier(method)
      #expect(model.frozenPrefix != nil)
      let states = try Self.together(batch, pooled: method == .head) { try model.prefixStates($0) }
      let (whole, upper) = (try model.logits(batch), try model.logits(batch, states: states))
      #expect(!differs(upper.flatMap(\.self), whole.flatMap(\.self)))
      let expected = try model.gradientSum(batch, labels: labels)
      let found = try model.gradientSum(batch, states: states, labels: labels)
      #expect(abs(found.lossSum - expected.lossSum) < 1e-4)
      #expect(relativeDifference(found.gradient, expected.gradient) < 1e-4)
    }
    #expect(try oracle.languageModel(.head).frozenPrefix == nil)
    let language = try oracle.languageModel(last)
    let states = try Self.together(batch) { try language.prefixStates($0) }
    let isTarget = oracle.targets(batch)
    let whole = try language.logLikelihoods(batch, isTarget: isTarget).map(Float.init)
    let upper = try language.logLikelihoods(batch, isTarget: isTarget, states: states).map(Float.init)
    #expect(largestDifference(upper, whole) < 1e-4)
    func gradient(_ states: Tensor?) throws -> [Float] {
      var values = [Float](repeating: 0, count: language.layout.count)
      _ = try values.withUnsafeMutableBufferPointer {
        try language.meanGradientSum(batch, isTarget: isTarget, states: states, into: $0)
      }
      return values
    }
    #expect(relativeDifference(try gradient(states), try gradient(nil)) < 1e-4)
  }

  @Test("Tokens beyond the vocabulary, ragged batches and first tokens as targets are refused")
  func misfits() throws {
    let oracle = try Case("llama")
    let classifier = try oracle.textClassifier(.head)
    let language = try oracle.languageModel()
    #expect(throws: ModelError.self) { try classifier.logits(try TokenBatch(tokens: [[1, 67]])) }
    #expect(throws: ModelError.self) { try classifier.logits(try TokenBatch(tokens: [[1, -1]])) }
    #expect(throws: ModelError.self) { try TokenBatch(tokens: [[1, 2], [1]]) }
    #expect(throws: ModelError.self) { try TokenBatch(tokens: []) }
    #expect(throws: ModelError.self) { try TokenBatch(texts: [[], [1]], padding: 0, on: .left) }
    let batch = try TokenBatch(tokens: [[1, 2, 3]])
    #expect(throws: ModelError.self) { try language.gradientSum(batch, isTarget: [[true, true, true]]) }
    #expect(throws: ModelError.self) { try language.gradientSum(batch, isTarget: [[false, false, false]]) }
    #expect(throws: ModelError.self) { try classifier.gradientSum(batch, labels: [3]) }
    #expect(throws: ModelError.self) {
      try TextClassifier(checkpoint: try CheckpointFolder(path: Golden.folder + "/base"), method: .head, labels: 2)
    }
    #expect(throws: CheckpointError.self) {
      try LanguageModel(checkpoint: try oracle.classifier, method: .head)
    }
  }
}
