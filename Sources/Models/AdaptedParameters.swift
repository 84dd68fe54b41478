import Checkpoints
import Layers
import Torch

/// The parameters of an adapted model: trained ones share one flat buffer, frozen ones lie in the checkpoint's memory
/// map, which every worker on the host shares.
final class AdaptedParameters: ParameterSource {
  /// The trained elements in the order of the layout.
  let buffer: Tensor
  /// The leaves of the graph, in the order of the layout.
  let trained: [Tensor]
  private let checkpoint: CheckpointFolder
  private let layout: TrainableLayout
  private let device: Device
  private let trainedByName: [String: Int]
  private let scaling: Double

  init(checkpoint: CheckpointFolder, layout: TrainableLayout, device: Device) throws {
    let buffer = try Tensor.zeros([layout.count], on: device)
    trained = try layout.parameters.map { try buffer.parameter(at: $0.offset, shape: $0.shape) }
    var indices: [String: Int] = [:]
    for (index, parameter) in layout.parameters.enumerated() { indices[parameter.name] = index }
    trainedByName = indices
    if case .lora(let lora) = layout.method { scaling = lora.scaling } else { scaling = 1 }
    self.buffer = buffer
    self.checkpoint = checkpoint
    self.layout = layout
    self.device = device
  }

  func tensor(_ name: String, shape: [Int]) throws -> Tensor {
    if let index = trainedByName[name] {
      let found = layout.parameters[index].shape
      guard found == shape else { throw ModelError.tensor(name: name, expected: shape, found: found) }
      return trained[index]
    }
    let found = checkpoint.shape(name)
    guard found == shape else { throw ModelError.tensor(name: name, expected: shape, found: found) }
    let tensor =
      if let values = try checkpoint.mappedFloats(name) {
        try Tensor.borrowing(values, shape: shape, owner: checkpoint)
      } else {
        try Tensor.copying(try checkpoint.floats(name), shape: shape)
      }
    return try tensor.moved(to: device)
  }

  func adapter(of module: String, inputs: Int, outputs: Int) throws -> LowRankAdapter? {
    guard let a = trainedByName[module + ".lora_A.weight"], let b = trainedByName[module + ".lora_B.weight"] else {
      return nil
    }
    return LowRankAdapter(a: trained[a], b: trained[b], scaling: scaling)
  }
}
