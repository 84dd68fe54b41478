package import Foundation
import Support

/// A checkpoint's tensors in one precision, for weights that are never written.
///
/// They are used in place, in the memory map of the checkpoint, where the file holds that precision. Where it holds
/// another, the host converts once into a file of its cache, which all its workers map; small rests are converted in
/// memory.
package final class FrozenWeights: Sendable {
  package let checkpoint: CheckpointFolder
  package let precision: Precision
  private let converted: SafetensorsFile?

  /// Bytes of another precision that a process converts for itself.
  private static let privateLimit = 64 << 20

  /// Converts where that is needed. Throws `CheckpointError` or `SafetensorsError`.
  ///
  /// - Parameter trained: canonical names that are never read, because they are trained.
  package init(checkpoint: CheckpointFolder, precision: Precision, trained: Set<String> = []) throws {
    self.checkpoint = checkpoint
    self.precision = precision
    let bytes = try Self.bytesToConvert(of: checkpoint, precision: precision, trained: trained)
    converted = bytes <= Self.privateLimit ? nil : try ConvertedFile.open(checkpoint, precision: precision)
  }

  /// Bytes of the file that the host's cache will hold for these weights, 0 if no file is made. Throws
  /// `CheckpointError`.
  package static func convertedFileBytes(of checkpoint: CheckpointFolder, precision: Precision) throws -> Int {
    guard try bytesToConvert(of: checkpoint, precision: precision, trained: []) > privateLimit else { return 0 }
    let elements = checkpoint.canonicalNames.reduce(0) { $0 + (checkpoint.entry($1)?.elementCount ?? 0) }
    return elements * precision.elementType.byteCount
  }

  /// Bytes of the tensors in the files that are held in another precision.
  private static func bytesToConvert(
    of checkpoint: CheckpointFolder, precision: Precision, trained: Set<String>
  ) throws -> Int {
    try checkpoint.canonicalNames
      .filter { !trained.contains($0) && checkpoint.entry($0)?.type != precision.elementType }
      .map { try checkpoint.fileName($0) }
      .reduce(0) { $0 + (checkpoint.weights.entry($1)?.range.count ?? 0) }
  }

  /// The bytes of a tensor and what keeps them.
  package enum Storage {
    /// Valid as long as the file object lives.
    case mapped(UnsafeRawBufferPointer, owner: SafetensorsFile)
    case copied(Data)
  }

  /// The tensor `canonicalName` in the precision of these weights.
  package func storage(_ canonicalName: String) throws -> Storage {
    let name = try checkpoint.fileName(canonicalName)
    let weights = checkpoint.weights
    guard let entry = weights.entry(name) else {
      throw CheckpointError(file: weights.path, problem: .missingTensor(name: name))
    }
    if entry.type == precision.elementType { return .mapped(try weights.bytes(name), owner: try weights.owner(name)) }
    if let converted { return .mapped(try converted.bytes(canonicalName), owner: converted) }
    return .copied(try weights.converted(name, to: precision))
  }
}

extension WeightFiles {
  /// The bytes of the tensor `name` in `precision`.
  func converted(_ name: String, to precision: Precision) throws -> Data {
    let file = try owner(name)
    let type = file.entry(name)?.type ?? .uint8
    guard let data = FloatConversion.converted(try file.bytes(name), from: type, to: precision.elementType) else {
      throw SafetensorsError(file: file.path, problem: .notConvertible(name: name, type: type))
    }
    return data
  }
}

extension Precision {
  package var elementType: ElementType { self == .float32 ? .float32 : .bfloat16 }
}

/// A checkpoint's weights in another precision, in a file of the host's cache that is named by their content.
private enum ConvertedFile {
  static func open(_ checkpoint: CheckpointFolder, precision: Precision) throws -> SafetensorsFile {
    var hasher = ContentHasher()
    hasher.combine("converted weights 1")
    hasher.combine(try checkpoint.contentHash())
    let path = "\(try CacheFolder.path("weights"))/\(hasher.finish()).\(precision.rawValue).safetensors"
    // A file under this name is whole, unless it was cut off; then it is made again.
    if let file = try? SafetensorsFile(path: path) { return file }
    return try FileLock.whileLocked(path + ".lock") {
      if let file = try? SafetensorsFile(path: path) { return file }
      DurableFile.removeLeftovers(of: path)
      try write(checkpoint, precision: precision, to: path)
      return try SafetensorsFile(path: path)
    }
  }

  private static func write(_ checkpoint: CheckpointFolder, precision: Precision, to path: String) throws {
    let tensors = checkpoint.canonicalNames.map { name in
      TensorDescription(name: name, type: precision.elementType, shape: checkpoint.shape(name) ?? [])
    }
    try SafetensorsWriter.write(tensors, to: path) { tensor in
      let name = try checkpoint.fileName(tensor.name)
      // What was read once is not read again, and a file of many gigabytes must not count as memory.
      defer { try? checkpoint.weights.owner(name).release(name) }
      return try checkpoint.weights.converted(name, to: precision)
    }
  }
}

/// The cache of files that can be recomputed: $TENBIN_CACHE, otherwise tenbin in $XDG_CACHE_HOME or ~/.cache.
package enum CacheFolder {
  /// The cache, which need not exist yet. Throws `CheckpointError` if TENBIN_CACHE is not an absolute path.
  package static func root() throws(CheckpointError) -> String {
    let environment = ProcessInfo.processInfo.environment
    if let named = environment["TENBIN_CACHE"], !named.hasPrefix("/") {
      throw CheckpointError(
        file: named,
        problem: .system(step: "use the cache folder", reason: "TENBIN_CACHE must be a path that begins with /"))
    }
    func folder(_ variable: String) -> String? { environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil } }
    return folder("TENBIN_CACHE") ?? folder("XDG_CACHE_HOME").map { $0 + "/tenbin" }
      ?? (folder("HOME") ?? NSHomeDirectory()) + "/.cache/tenbin"
  }

  /// The folder `name` in the cache, made where it is missing. Throws `CheckpointError`.
  package static func path(_ name: String) throws(CheckpointError) -> String {
    let path = "\(try root())/\(name)"
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw CheckpointError(
        file: path,
        problem: .system(
          step: "make the cache folder", reason: "\(error.localizedDescription); name another with TENBIN_CACHE"))
    }
    return path
  }
}
