import Checkpoints
import Foundation
import Support
import Torch

/// The parameters of an adapted model: trained ones share one flat buffer of 32-bit floats, frozen ones lie in a memory
/// map, which every worker on the host shares.
final class AdaptedParameters: ParameterSource {
  let type: ScalarType
  let layout: TrainableLayout
  let device: Device
  /// Models that are computed at once, each with trained parameters of its own.
  let models: Int
  /// The trained elements in the order of the layout; of several models [models, elements].
  private let buffer: Tensor
  /// The leaves of the graph, in the order of the layout.
  private let trained: [Tensor]
  private let frozen: FrozenWeights
  private let trainedByName: [String: Int]
  private let scaling: Double
  /// The dropout of LoRA's factors in training; nil without dropout.
  private let dropout: LoRADropout?

  /// The trained parameters are zero until the first `load`.
  init(
    checkpoint: CheckpointFolder, layout: TrainableLayout, models: Int = 1, precision: Precision, device: Device
  ) throws {
    try device.check()
    try checkpoint.require(layout.head)
    TorchLibrary.keepFreedMemory()
    let buffer = try Tensor.zeros(models == 1 ? [layout.count] : [models, layout.count], on: device)
    trained = try layout.parameters.map { try buffer.parameter(at: $0.offset, shape: $0.shape) }
    var indices: [String: Int] = [:]
    for (index, parameter) in layout.parameters.enumerated() { indices[parameter.name] = index }
    trainedByName = indices
    if case .lora(let lora) = layout.method {
      scaling = lora.scaling
      dropout = LoRADropout(probability: lora.dropout, device: device)
    } else {
      scaling = 1
      dropout = nil
    }
    frozen = try FrozenWeights(checkpoint: checkpoint, precision: precision, trained: Set(indices.keys))
    type = precision.scalarType
    self.buffer = buffer
    self.models = models
    self.layout = layout
    self.device = device
  }

  /// Copies the flat buffer `values` into the trained parameters of one of the models.
  func load(_ values: UnsafeBufferPointer<Float>, model: Int = 0) throws {
    guard values.count == layout.count else {
      throw ModelError.parameterCount(expected: layout.count, found: values.count)
    }
    guard models > 1 else { return try buffer.write(values) }
    try buffer.narrowed(0, model..<model + 1).write(values)
  }

  /// Writes the gradient of the scalar `loss` to `values`, in the order of the layout for one model after another.
  func gradients(of loss: Tensor, into values: UnsafeMutableBufferPointer<Float>) throws {
    guard values.count == models * layout.count else {
      throw ModelError.parameterCount(expected: models * layout.count, found: values.count)
    }
    try Autograd.gradients(of: loss, for: trained, models: models, into: values)
  }

  /// The scalar `loss` and its gradient in the order of the layout.
  func gradient(of loss: Tensor) throws -> (lossSum: Double, gradient: [Float]) {
    let lossSum = try loss.floats().first.map(Double.init) ?? .nan
    return (lossSum, try Autograd.gradients(of: loss, for: trained, count: layout.count))
  }

  /// The scalar `loss`; writes its gradient to `values` in the order of the layout.
  func gradient(of loss: Tensor, into values: UnsafeMutableBufferPointer<Float>) throws -> Double {
    guard values.count == layout.count else {
      throw ModelError.parameterCount(expected: layout.count, found: values.count)
    }
    let lossSum = try loss.floats().first.map(Double.init) ?? .nan
    try Autograd.gradients(of: loss, for: trained, into: values)
    return lossSum
  }

  /// Runs `body` with LoRA's dropout drawing from `keys`, one for each of `items`; without keys nothing is dropped.
  func dropping<Result>(by keys: [RandomKey], items: Int, _ body: () throws -> Result) throws -> Result {
    guard keys.isEmpty || keys.count == items else {
      throw ModelError.dropoutKeys(expected: items, found: keys.count)
    }
    dropout?.keys = keys
    defer { dropout?.keys = [] }
    return try body()
  }

  func tensor(_ name: String, shape: [Int]) throws -> Tensor {
    if let parameter = try parameter(name, shape: shape) { return parameter }
    let tensor =
      switch try frozen.storage(name) {
      case .mapped(let bytes, let owner): try Tensor.borrowing(bytes, of: type, shape: shape, owner: owner)
      case .copied(let data):
        try data.withUnsafeBytes { try Tensor.copying($0, of: type, shape: shape) }
      }
    return try tensor.moved(to: device)
  }

  func float32(_ name: String, shape: [Int]) throws -> Tensor {
    if type == .float32 { return try tensor(name, shape: shape) }
    if let parameter = try parameter(name, shape: shape) { return parameter }
    return try Tensor.copying(try frozen.checkpoint.floats(name), shape: shape, on: device)
  }

  /// The trained parameter of that name, nil if it is frozen. Throws if the shape is another.
  private func parameter(_ name: String, shape: [Int]) throws(ModelError) -> Tensor? {
    let index = trainedByName[name]
    let found = index.map { layout.parameters[$0].shape } ?? frozen.checkpoint.shape(name)
    guard found == shape else { throw .tensor(name: name, expected: shape, found: found) }
    return index.map { trained[$0] }
  }

  func adapter(of module: String, inputs: Int, outputs: Int) throws -> LowRankAdapter? {
    guard let a = trainedByName[module + ".lora_A.weight"], let b = trainedByName[module + ".lora_B.weight"] else {
      return nil
    }
    return LowRankAdapter(a: trained[a], b: trained[b], scaling: scaling, module: module, dropout: dropout)
  }
}

extension Precision {
  /// The tensors' type.
  var scalarType: ScalarType { self == .float32 ? .float32 : .bfloat16 }
}
