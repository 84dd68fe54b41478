import Checkpoints
import Foundation
import TestSupport
import Torch

/// What transformers and peft computed on the tiny model in the folder `Golden`; made by scripts/oracles/vit.py.
struct Golden {
  static let root = Repository.root
  static let folder = root.appendingPathComponent("Tests/ModelsTests/Golden").path
  static var stories: String { "\(Repository.publishedData ?? "")/stories260k" }
  static let python = root.appendingPathComponent(".python/bin/python").path

  let file: SafetensorsFile
  let base: CheckpointFolder

  init() throws {
    file = try SafetensorsFile(path: Self.folder + "/golden.safetensors")
    base = try CheckpointFolder(path: Self.folder + "/base")
  }

  var pixels: Tensor {
    get throws { try tensor("pixel_values") }
  }

  var labels: [Int] {
    get throws { try file.floats("labels").map(Int.init) }
  }

  func tensor(_ name: String) throws -> Tensor {
    try Tensor.copying(try file.floats(name), shape: file.entry(name)?.shape ?? [])
  }

  /// The bytes of an image that the file keeps as floats.
  func image(_ name: String) throws -> (height: Int, width: Int, rgb: [UInt8]) {
    let shape = file.entry(name)?.shape ?? []
    return (shape[0], shape[1], try file.floats(name).map { UInt8($0) })
  }

  /// The gradients of `method` in the order of `layout`.
  func gradient(_ method: String, _ layout: TrainableLayout) throws -> [Float] {
    try layout.parameters.flatMap { try file.floats("\(method).gradient.\($0.name)") }
  }
}

/// The norm of the difference relative to the norm of `expected`.
func relativeDifference(_ found: [Float], _ expected: [Float]) -> Double {
  guard found.count == expected.count else { return .infinity }
  let difference = zip(found, expected).map { Double($0 - $1) * Double($0 - $1) }.reduce(0, +)
  return (difference / expected.map { Double($0) * Double($0) }.reduce(0, +)).squareRoot()
}

/// The largest absolute difference.
func largestDifference(_ found: [Float], _ expected: [Float]) -> Float {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).map { abs($0 - $1) }.max() ?? 0
}
