import Checkpoints
import Models
import Support
import Testing
import Torch

@Suite struct FrozenPrefixTests {
  private let golden: Golden
  private let key = RandomKey(seed: 5)

  init() throws { golden = try Golden() }

  private static let lastLayer = AdaptationMethod.lora(
    LoRAConfiguration(rank: 3, alpha: 6, targets: ["q_proj", "value", "fc1"], layers: .last(1)))

  /// Parameters of which none is zero.
  private func values(_ layout: TrainableLayout, seed: Int) throws -> [Float] {
    var generator = RandomKey(seed: seed)["parameters"].generator
    return try layout.initialValues(from: golden.base, key: key).map { $0 + Float(0.1 * generator.normal()) }
  }

  @Test(
    "From the states behind its frozen prefix a model comes to the same logits, losses and gradients",
    arguments: [lastLayer, .head], [Precision.float32, .bfloat16])
  func prefix(_ method: AdaptationMethod, precision: Precision) throws {
    let classifier = try ImageClassifier(
      checkpoint: golden.base, method: method, labels: 3, precision: precision)
    try classifier.load(parameters: try values(classifier.layout, seed: 1))
    let (pixels, labels) = (try golden.pixels, try golden.labels)
    let states = try labels.indices.map {
      try classifier.prefixStates(pixels: try pixels.narrowed(0, $0..<$0 + 1))
    }
    let batch = try Tensor.concatenated(states, dimension: 0)
    let expected = try classifier.logits(pixels: pixels).flatMap(\.self)
    let found = try classifier.logits(.prefixStates(batch)).flatMap(\.self)
    let tolerance: Float = precision == .float32 ? 1e-5 : 1e-3
    #expect(largestDifference(found, expected) < tolerance)
    let whole = try classifier.gradientSum(pixels: pixels, labels: labels)
    let upper = try classifier.gradientSum(.prefixStates(batch), labels: labels)
    #expect(abs(whole.lossSum - upper.lossSum) < Double(tolerance) * 10)
    #expect(relativeDifference(upper.gradient, whole.gradient) < Double(tolerance) * 10)
  }

  @Test("What is trained decides how much of a model is frozen below it")
  func depth() throws {
    func prefix(_ method: AdaptationMethod) throws -> FrozenPrefix? {
      try TrainableLayout(configuration: golden.base.configuration, method: method, labels: 3).frozenPrefix
    }
    let layers = golden.base.configuration.architecture.layerCount
    #expect(try prefix(.head) == .features)
    #expect(try prefix(Self.lastLayer) == .blocks(layers - 1))
    #expect(try prefix(.full) == nil)
    #expect(try prefix(.lora(LoRAConfiguration(rank: 3, alpha: 6, targets: ["q_proj"]))) == nil)
  }

  @Test(
    "Models that are computed together come to the gradients that each comes to by itself",
    arguments: [lastLayer, .head])
  func packed(_ method: AdaptationMethod) throws {
    let (pixels, labels) = (try golden.pixels, try golden.labels)
    let images = labels.count
    let packed = try ImageClassifier(checkpoint: golden.base, method: method, labels: 3, models: 3)
    let alone = try ImageClassifier(checkpoint: golden.base, method: method, labels: 3)
    let count = packed.layout.count
    let parameters = try (0..<3).map { try values(packed.layout, seed: $0) }
    let counts = [images, images - 2, 1]
    for model in 0..<3 {
      try parameters[model].withUnsafeBufferPointer { try packed.load(parameters: $0, model: model) }
    }
    var gradient = [Float](repeating: 0, count: 3 * count)
    let repeated = try Tensor.concatenated([pixels, pixels, pixels], dimension: 0)
    let losses = try gradient.withUnsafeMutableBufferPointer {
      try packed.gradientSums(.pixels(repeated), labels: labels + labels + labels, counts: counts, into: $0)
    }
    for model in 0..<3 {
      try alone.load(parameters: parameters[model])
      let expected = try alone.gradientSum(
        pixels: try pixels.narrowed(0, 0..<counts[model]), labels: Array(labels.prefix(counts[model])))
      #expect(abs(losses[model] - expected.lossSum) < 1e-4)
      let found = Array(gradient[model * count..<(model + 1) * count])
      #expect(relativeDifference(found, expected.gradient) < 1e-5, "model \(model)")
    }
  }

  @Test("The bits of a model do not depend on what stands in the other places of its pack")
  func independence() throws {
    let (pixels, labels) = (try golden.pixels, try golden.labels)
    let packed = try ImageClassifier(checkpoint: golden.base, method: Self.lastLayer, labels: 3, models: 2)
    let count = packed.layout.count
    func gradient(beside other: [Float], pixels others: Tensor, counts: [Int]) throws -> (Double, [UInt32]) {
      try values(packed.layout, seed: 1).withUnsafeBufferPointer { try packed.load(parameters: $0, model: 0) }
      try other.withUnsafeBufferPointer { try packed.load(parameters: $0, model: 1) }
      var gradient = [Float](repeating: 0, count: 2 * count)
      let losses = try gradient.withUnsafeMutableBufferPointer {
        try packed.gradientSums(
          .pixels(try Tensor.concatenated([pixels, others], dimension: 0)), labels: labels + labels, counts: counts,
          into: $0)
      }
      return (losses[0], gradient[..<count].map(\.bitPattern))
    }
    let zeros = [Float](repeating: 0, count: count)
    let first = try gradient(beside: zeros, pixels: pixels, counts: [labels.count, 0])
    let second = try gradient(
      beside: values(packed.layout, seed: 2), pixels: try Tensor.zeros(pixels.shape),
      counts: [labels.count, labels.count])
    // A model that has diverged.
    let third = try gradient(
      beside: zeros.map { _ in .nan }, pixels: pixels, counts: [labels.count, labels.count])
    #expect(first == second)
    #expect(first == third)
  }

  @Test("Several models at once are refused where every weight is trained, and where images do not fit them")
  func misfits() throws {
    #expect(throws: ModelError.self) {
      try ImageClassifier(checkpoint: golden.base, method: .full, labels: 3, models: 2)
    }
    let packed = try ImageClassifier(checkpoint: golden.base, method: .head, labels: 3, models: 2)
    var gradient = [Float](repeating: 0, count: 2 * packed.layout.count)
    for counts in [[1], [1, 9], [1, -1]] {
      #expect(throws: ModelError.self) {
        try gradient.withUnsafeMutableBufferPointer {
          _ = try packed.gradientSums(
            .pixels(try golden.pixels), labels: try golden.labels, counts: counts, into: $0)
        }
      }
    }
  }
}
