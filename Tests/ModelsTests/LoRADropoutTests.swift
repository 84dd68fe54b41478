import Checkpoints
import Models
import Support
import Testing
import Torch

@Suite struct LoRADropoutTests {
  private let keys = (0..<5).map { RandomKey(seed: 8)["dropout"][0][$0] }

  private func mask(_ shape: [Int], keys: [RandomKey], probability: Double = 0.25, module: String = "q") throws
    -> [Float]
  {
    let dropout = try #require(LoRADropout(probability: probability, device: .cpu))
    dropout.keys = keys
    return try #require(try dropout.mask(for: try Tensor.zeros(shape), of: module)).floats()
  }

  @Test("The share that is dropped is the one asked for, and what stays is scaled so that the mean stays")
  func share() throws {
    for probability in [0.05, 0.25, 0.9] {
      let values = try mask([5, 100, 101], keys: keys, probability: probability)
      let count = Double(values.count)
      let dropped = Double(values.count { $0 == 0 })
      #expect(abs(dropped / count - probability) < 0.01)
      let scale = 1 / (1 - probability)
      let wrong = values.filter { $0 != 0 && abs(Double($0) - scale) > 1e-3 * scale }
      #expect(wrong.isEmpty)
      let sum = values.reduce(0.0) { $0 + Double($1) }
      #expect(abs(sum / count - 1) < 0.06)
    }
    #expect(LoRADropout(probability: 0, device: .cpu) == nil)
  }

  @Test("An item's mask is the same in every batch and part of a batch, and another for every item and module")
  func items() throws {
    let whole = try mask([5, 3, 7], keys: keys)
    for item in 0..<5 {
      let alone = try mask([1, 3, 7], keys: [keys[item]])
      #expect(Array(whole[item * 21..<(item + 1) * 21]) == alone)
    }
    // An item may come as several rows, as windows of an image do.
    let windows = try mask([10, 3, 7], keys: keys)
    #expect(try Array(windows.prefix(42)) == mask([2, 3, 7], keys: [keys[0]]))
    #expect(try mask([1, 30, 7], keys: [keys[0]]) != mask([1, 30, 7], keys: [keys[1]]))
    #expect(try mask([1, 30, 7], keys: [keys[0]]) != mask([1, 30, 7], keys: [keys[0]], module: "v"))
    #expect(throws: TorchError.self) { try mask([4, 3, 7], keys: keys) }
  }

  private func classifier(dropout: Double) throws -> (Golden, ImageClassifier) {
    let golden = try Golden()
    let adapter = try AdapterFolder(path: Golden.folder + "/adapter", base: golden.base)
    var lora = adapter.lora
    lora.dropout = dropout
    let classifier = try ImageClassifier(checkpoint: golden.base, method: .lora(lora), labels: 3)
    try classifier.load(parameters: adapter.values)
    return (golden, classifier)
  }

  @Test("Gradients with dropout add up over images whatever the micro-batches, each image with its own key")
  func sums() throws {
    let (golden, classifier) = try classifier(dropout: 0.3)
    let (pixels, labels) = (try golden.pixels, try golden.labels)
    let keys = (0..<labels.count).map { RandomKey(seed: 8)[$0] }
    let whole = try classifier.gradientSum(pixels: pixels, labels: labels, dropout: keys)
    var gradient = [Float](repeating: 0, count: classifier.layout.count)
    for index in labels.indices {
      let part = try classifier.gradientSum(
        pixels: try pixels.narrowed(0, index..<(index + 1)), labels: [labels[index]], dropout: [keys[index]])
      for position in gradient.indices { gradient[position] += part.gradient[position] }
    }
    #expect(relativeDifference(gradient, whole.gradient) < 1e-5)
    let again = try classifier.gradientSum(pixels: pixels, labels: labels, dropout: keys)
    #expect(again.gradient.map(\.bitPattern) == whole.gradient.map(\.bitPattern))
    let others = try classifier.gradientSum(pixels: pixels, labels: labels, dropout: keys.reversed())
    #expect(others.lossSum != whole.lossSum)
  }

  @Test("Without keys, and for logits, nothing is dropped")
  func evaluation() throws {
    let (golden, dropping) = try classifier(dropout: 0.3)
    let (_, plain) = try classifier(dropout: 0)
    let (pixels, labels) = (try golden.pixels, try golden.labels)
    let keys = labels.indices.map { RandomKey(seed: 8)[$0] }
    let logits = try plain.logits(pixels: pixels)
    let loss = try plain.gradientSum(pixels: pixels, labels: labels).lossSum
    #expect(try dropping.gradientSum(pixels: pixels, labels: labels, dropout: keys).lossSum != loss)
    #expect(try dropping.gradientSum(pixels: pixels, labels: labels).lossSum == loss)
    #expect(try dropping.logits(pixels: pixels) == logits)
    #expect(try plain.gradientSum(pixels: pixels, labels: labels, dropout: keys).lossSum == loss)
    #expect(throws: ModelError.self) { try dropping.gradientSum(pixels: pixels, labels: labels, dropout: [keys[0]]) }
  }
}
