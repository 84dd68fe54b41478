import Checkpoints
import Models
import Support
import Testing
import Torch

@Suite struct ImageClassifierTests {
  private let golden: Golden

  init() throws { golden = try Golden() }

  private func fullClassifier() throws -> ImageClassifier {
    let classifier = try ImageClassifier(checkpoint: golden.base, method: .full, labels: 3)
    try classifier.load(
      parameters: try classifier.layout.initialValues(from: golden.base, key: RandomKey(seed: 1), keepHead: true))
    return classifier
  }

  private func loraClassifier() throws -> ImageClassifier {
    let adapter = try AdapterFolder(path: Golden.folder + "/adapter", base: golden.base)
    let classifier = try ImageClassifier(checkpoint: golden.base, method: adapter.method, labels: 3)
    try classifier.load(parameters: adapter.values)
    return classifier
  }

  @Test("Logits agree with transformers within 1e-4")
  func logits() throws {
    let found = try fullClassifier().logits(pixels: try golden.pixels)
    #expect(largestDifference(found.flatMap(\.self), try golden.file.floats("logits")) < 1e-4)
  }

  @Test("A frozen base used from the memory map gives the logits of a private copy")
  func headLogits() throws {
    let classifier = try ImageClassifier(checkpoint: golden.base, method: .head, labels: 3)
    try classifier.load(
      parameters: try classifier.layout.initialValues(from: golden.base, key: RandomKey(seed: 1), keepHead: true))
    let found = try classifier.logits(pixels: try golden.pixels).flatMap(\.self)
    #expect(largestDifference(found, try golden.file.floats("logits")) < 1e-4)
  }

  @Test("Full gradients of the summed cross-entropy agree with transformers within 1e-4 relative")
  func fullGradient() throws {
    let classifier = try fullClassifier()
    let (loss, gradient) = try classifier.gradientSum(pixels: try golden.pixels, labels: try golden.labels)
    #expect(abs(loss - Double(try golden.file.floats("full.loss")[0])) < 1e-4)
    let expected = try golden.gradient("full", classifier.layout)
    #expect(relativeDifference(gradient, expected) < 1e-4)
    for parameter in classifier.layout.parameters where !parameter.name.hasSuffix("key.bias") {
      // A key's bias shifts all scores of a query alike: its gradient is rounding alone.
      let (found, wanted) = (Array(gradient[parameter.range]), Array(expected[parameter.range]))
      #expect(relativeDifference(found, wanted) < 1e-4, "\(parameter.name)")
    }
  }

  @Test("LoRA logits and gradients with nonzero B agree with peft within 1e-4")
  func loraGradient() throws {
    let classifier = try loraClassifier()
    let logits = try classifier.logits(pixels: try golden.pixels).flatMap(\.self)
    #expect(largestDifference(logits, try golden.file.floats("lora.logits")) < 1e-4)
    let (loss, gradient) = try classifier.gradientSum(pixels: try golden.pixels, labels: try golden.labels)
    #expect(abs(loss - Double(try golden.file.floats("lora.loss")[0])) < 1e-4)
    let expected = try golden.gradient("lora", classifier.layout)
    for parameter in classifier.layout.parameters {
      let (found, wanted) = (Array(gradient[parameter.range]), Array(expected[parameter.range]))
      #expect(relativeDifference(found, wanted) < 1e-4, "\(parameter.name)")
    }
  }

  @Test("The head's gradient is the same whether the encoder is recorded or not")
  func headGradient() throws {
    let head = try ImageClassifier(checkpoint: golden.base, method: .head, labels: 3)
    try head.load(
      parameters: try head.layout.initialValues(from: golden.base, key: RandomKey(seed: 1), keepHead: true))
    let (_, gradient) = try head.gradientSum(pixels: try golden.pixels, labels: try golden.labels)
    let full = try golden.gradient("full", try fullClassifier().layout)
    #expect(relativeDifference(gradient, full.suffix(gradient.count)) < 1e-4)
  }

  @Test("The gradient of a batch is the sum of its images' gradients")
  func sums() throws {
    let classifier = try loraClassifier()
    let (pixels, labels) = (try golden.pixels, try golden.labels)
    let whole = try classifier.gradientSum(pixels: pixels, labels: labels)
    var loss = 0.0
    var gradient = [Float](repeating: 0, count: classifier.layout.count)
    for index in labels.indices {
      let part = try classifier.gradientSum(
        pixels: try pixels.narrowed(0, index..<(index + 1)), labels: [labels[index]])
      loss += part.lossSum
      for position in gradient.indices { gradient[position] += part.gradient[position] }
    }
    #expect(abs(loss - whole.lossSum) < 1e-4)
    #expect(relativeDifference(gradient, whole.gradient) < 1e-5)
  }

  @Test("Computing a gradient twice gives the same bits, and loading other parameters other ones")
  func determinism() throws {
    let classifier = try loraClassifier()
    let (pixels, labels) = (try golden.pixels, try golden.labels)
    let first = try classifier.gradientSum(pixels: pixels, labels: labels)
    let second = try classifier.gradientSum(pixels: pixels, labels: labels)
    #expect(first.gradient.map(\.bitPattern) == second.gradient.map(\.bitPattern))
    #expect(first.lossSum == second.lossSum)
    try classifier.load(parameters: try classifier.layout.initialValues(from: golden.base, key: RandomKey(seed: 2)))
    #expect(try classifier.gradientSum(pixels: pixels, labels: labels).lossSum != first.lossSum)
  }

  @Test("A new LoRA adapter leaves the base's features alone: B starts at zero")
  func newAdapter() throws {
    let lora = LoRAConfiguration(rank: 3, alpha: 6, targets: ["q_proj", "key", "value", "o_proj", "fc1", "fc2"])
    let key = RandomKey(seed: 4)
    let classifiers = try [AdaptationMethod.lora(lora), .head].map { method in
      let classifier = try ImageClassifier(checkpoint: golden.base, method: method, labels: 2)
      try classifier.load(parameters: try classifier.layout.initialValues(from: golden.base, key: key))
      return classifier
    }
    let logits = try classifiers.map { try $0.logits(pixels: try golden.pixels).flatMap(\.self) }
    #expect(largestDifference(logits[0], logits[1]) < 1e-6)
  }

  @Test("Pixels, labels and parameters that do not fit are refused")
  func misfits() throws {
    let classifier = try loraClassifier()
    let pixels = try golden.pixels
    #expect(throws: ModelError.self) { try classifier.logits(pixels: try Tensor.zeros([2, 3, 12, 11])) }
    #expect(throws: ModelError.self) { try classifier.logits(pixels: try Tensor.zeros([12])) }
    #expect(throws: ModelError.self) { try classifier.gradientSum(pixels: pixels, labels: [0]) }
    #expect(throws: ModelError.self) { try classifier.gradientSum(pixels: pixels, labels: [0, 1, 2, 3, 0]) }
    #expect(throws: ModelError.self) { try classifier.gradientSum(pixels: pixels, labels: [0, 1, 2, -1, 0]) }
    #expect(throws: ModelError.self) { try classifier.load(parameters: [1, 2, 3]) }
  }

  @Test("In bfloat16 logits and gradients are those of 32 bits up to rounding, and not the same")
  func bfloat16() throws {
    let adapter = try AdapterFolder(path: Golden.folder + "/adapter", base: golden.base)
    let (pixels, labels) = (try golden.pixels, try golden.labels)
    for method in [adapter.method, .full, .head] {
      let models = try [Precision.float32, .bfloat16].map { precision in
        let model = try ImageClassifier(checkpoint: golden.base, method: method, labels: 3, precision: precision)
        try model.load(
          parameters: method == adapter.method
            ? adapter.values
            : try model.layout.initialValues(from: golden.base, key: RandomKey(seed: 1), keepHead: true))
        return model
      }
      let logits = try models.map { try $0.logits(pixels: pixels).flatMap(\.self) }
      #expect(logits[0] != logits[1])
      #expect(relativeDifference(logits[1], logits[0]) < 0.03)
      let gradients = try models.map { try $0.gradientSum(pixels: pixels, labels: labels).gradient }
      #expect(relativeDifference(gradients[1], gradients[0]) < 0.05)
    }
  }

  @Test("A device that libtorch does not offer is refused before the model is built")
  func device() throws {
    guard !Device.cuda.isAvailable else { return }
    #expect(throws: TorchError.self) {
      try ImageClassifier(checkpoint: golden.base, method: .head, labels: 3, device: .cuda)
    }
  }
}
