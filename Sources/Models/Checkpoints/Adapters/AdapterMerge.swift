import Foundation
import Support

extension CheckpointWriter {
  /// Writes `base` with `adapter` merged into its weights, W + scaling · B A, as a whole checkpoint folder; every tensor
  /// keeps the type it has in `base`. One tensor at a time is in memory.
  ///
  /// Throws `CheckpointError` or `SafetensorsError`.
  package static func writeMerged(folder: String, base: CheckpointFolder, adapter: AdapterFolder) throws {
    let architecture = base.configuration.architecture
    let head = adapter.layout.head
    let parameters = Dictionary(uniqueKeysWithValues: adapter.layout.parameters.map { ($0.name, $0) })
    var linears: [String: AdaptableLinear] = [:]
    for linear in try adapter.lora.linears(in: architecture) { linears[linear.fileName + ".weight"] = linear }
    let main = base.entry(architecture.backboneTensors.first?.name ?? "")?.type ?? .float32
    let tensors = (architecture.backboneTensors + architecture.headTensors(head)).map { tensor in
      TensorDescription(name: tensor.name, type: base.entry(tensor.name)?.type ?? main, shape: tensor.shape)
    }
    try DurableFolder.replace(folder) { partial in
      let dataType = [.float16: "float16", .bfloat16: "bfloat16"][main] ?? "float32"
      let configuration =
        head == .languageModel ? base.configuration : base.configuration.with(labels: adapter.labels)
      try writeCompanions(
        of: configuration, head: head, dataType: dataType, preprocessing: base.preprocessing, tokenizer: base.path,
        to: partial)
      try SafetensorsWriter.write(tensors, to: "\(partial)/model.safetensors") { tensor in
        if let linear = linears[tensor.name] {
          let merged = try adapter.merged(linear, into: base.floats(tensor.name))
          return try encoded(merged, as: tensor.type, file: folder)
        }
        if let parameter = parameters[tensor.name] {
          return try encoded(Array(adapter.values[parameter.range]), as: tensor.type, file: folder)
        }
        return Data(try base.weights.bytes(base.fileName(tensor.name)))
      }
    }
  }

  private static func encoded(_ values: [Float], as type: ElementType, file: String) throws -> Data {
    let data = values.withUnsafeBytes { FloatConversion.converted($0, from: .float32, to: type) }
    guard let data else { throw SafetensorsError(file: file, problem: .notConvertible(name: "merged", type: type)) }
    return data
  }
}

extension AdapterFolder {
  /// `weight` [outputs, inputs] of `linear` plus scaling · B A.
  fileprivate func merged(_ linear: AdaptableLinear, into weight: [Float]) throws(CheckpointError) -> [Float] {
    func factor(_ name: String) throws(CheckpointError) -> ArraySlice<Float> {
      guard let parameter = layout.parameters.first(where: { $0.name == name }) else {
        throw CheckpointError(file: "adapter", problem: .missingTensor(name: name))
      }
      return values[parameter.range]
    }
    let (a, b) = (Array(try factor(linear.factorA)), Array(try factor(linear.factorB)))
    let (rank, inputs) = (lora.rank, linear.inputs)
    let scaling = Float(lora.scaling)
    var result = weight
    result.withUnsafeMutableBufferPointer { result in
      a.withUnsafeBufferPointer { a in
        for output in 0..<linear.outputs {
          for index in 0..<rank {
            let share = scaling * b[output * rank + index]
            for input in 0..<inputs { result[output * inputs + input] += share * a[index * inputs + input] }
          }
        }
      }
    }
    return result
  }
}
