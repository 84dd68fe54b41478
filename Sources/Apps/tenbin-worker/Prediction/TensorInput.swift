import Checkpoints
import Foundation
import Models
import Torch

/// Inputs of a model in a safetensors file, under the names that `transformers` gives them.
struct TensorInput {
  private let file: SafetensorsFile

  init(_ file: SafetensorsFile) { self.file = file }

  func logits(images model: ImageClassifier, block: Int) throws -> NamedTensor {
    let shape = try shape("pixel_values", dimensions: 4, meaning: "[items, channels, height, width]")
    let values = try file.floats("pixel_values")
    let size = values.count / shape[0]
    var rows: [[Float]] = []
    for first in stride(from: 0, to: shape[0], by: block) {
      let count = min(block, shape[0] - first)
      let pixels = Array(values[first * size..<(first + count) * size])
      rows += try model.logits(pixels: try Tensor.copying(pixels, shape: [count] + shape.dropFirst()))
    }
    return NamedTensor(name: "logits", shape: [shape[0], model.layout.labels], floats: rows.joined())
  }

  func logits(texts model: TextClassifier, block: Int) throws -> NamedTensor {
    let batch = try batch()
    var rows: [[Float]] = []
    for first in stride(from: 0, to: batch.count, by: block) {
      let range = first..<min(first + block, batch.count)
      rows += try model.logits(
        try TokenBatch(tokens: Array(batch.tokens[range]), isText: Array(batch.isText[range])))
    }
    return NamedTensor(name: "logits", shape: [batch.count, model.layout.labels], floats: rows.joined())
  }

  func logits(language model: LanguageModel) throws -> NamedTensor {
    let batch = try batch()
    // One text at a time: all logits of a text are many already.
    let texts = try zip(batch.tokens, batch.isText).map { tokens, isText in
      try model.logits(try TokenBatch(tokens: [tokens], isText: [isText]))
    }
    let shape = [batch.count] + (texts.first?.shape.dropFirst() ?? [])
    return NamedTensor(name: "logits", shape: shape, floats: try texts.flatMap { try $0.floats() })
  }

  private func batch() throws -> TokenBatch {
    let shape = try shape("input_ids", dimensions: 2, meaning: "[items, tokens]")
    let tokens = try integers("input_ids")
    let isText = file.entry("attention_mask") == nil ? nil : try integers("attention_mask").map { $0 != 0 }
    if let found = file.entry("attention_mask")?.shape, found != shape {
      throw PredictionError("\(file.path): attention_mask has another shape than input_ids \(shape)")
    }
    func rows<Element>(_ flat: [Element]) -> [[Element]] {
      stride(from: 0, to: flat.count, by: shape[1]).map { Array(flat[$0..<$0 + shape[1]]) }
    }
    return try TokenBatch(tokens: rows(tokens), isText: isText.map(rows))
  }

  private func shape(_ name: String, dimensions: Int, meaning: String) throws(PredictionError) -> [Int] {
    guard let shape = file.entry(name)?.shape, shape.count == dimensions, shape.allSatisfy({ $0 > 0 }) else {
      throw PredictionError(
        "\(file.path): expected a tensor \(name) \(meaning), found \(file.names.joined(separator: ", "))")
    }
    return shape
  }

  private func integers(_ name: String) throws -> [Int] {
    let bytes = try file.bytes(name)
    func load<Value: FixedWidthInteger>(_ type: Value.Type) -> [Int] {
      (0..<bytes.count / MemoryLayout<Value>.size).map {
        let offset = $0 * MemoryLayout<Value>.size
        return Int(truncatingIfNeeded: Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type)))
      }
    }
    switch file.entry(name)?.type {
    case .int64: return load(Int64.self)
    case .int32: return load(Int32.self)
    case .uint8: return load(UInt8.self)
    case .bool: return load(UInt8.self)
    default:
      throw PredictionError("\(file.path): expected whole numbers (I64, I32, U8 or BOOL) in \(name)")
    }
  }
}

extension NamedTensor {
  /// Throws if an element is not a number, because weights or inputs are not.
  func requireFinite(file: String) throws(PredictionError) {
    let isFinite = bytes.withUnsafeBytes { $0.bindMemory(to: Float.self).allSatisfy(\.isFinite) }
    guard isFinite else {
      throw PredictionError("\(file): some logits are not finite; look for NaN in the inputs and in the weights")
    }
  }
}
