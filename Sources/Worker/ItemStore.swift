internal import Datasets
internal import Hashing
internal import Models
internal import Torch
internal import Wire

/// The items of the audit as the model sees them: read when first leased, checked against their digest, resized, and
/// kept as bytes within a limit.
final class ItemStore {
  private struct Item {
    let path: String
    let label: Int
    let content: ContentHash
  }

  private let items: [Item]
  private let preprocessor: ImagePreprocessor
  private var resized: [Int: [UInt8]] = [:]
  private var bytesKept = 0

  /// Bytes of resized images that a worker keeps.
  private static let limit = 1 << 30

  init(catalogue: Tenbin_Catalogue, preprocessor: ImagePreprocessor) throws(WorkerError) {
    self.preprocessor = preprocessor
    var items: [Item] = []
    for item in catalogue.items {
      guard let content = ContentHash(bytes: item.content) else {
        throw WorkerError(.failure, "\(item.path): the catalogue holds a digest that is not 32 bytes long")
      }
      items.append(Item(path: item.path, label: Int(item.label), content: content))
    }
    self.items = items
  }

  /// The model's input for some items, `[items, channels, height, width]`, and their labels.
  func batch(_ positions: [Int]) throws -> (pixels: Tensor, labels: [Int]) {
    let images = try positions.map { try resizedBytes($0) }
    return (try preprocessor.pixels(resized: images), positions.map { items[$0].label })
  }

  private func resizedBytes(_ position: Int) throws -> [UInt8] {
    if let kept = resized[position] { return kept }
    guard items.indices.contains(position) else {
      throw WorkerError(.failure, "a lease names item \(position), but the catalogue holds \(items.count)")
    }
    let item = items[position]
    let bytes = try FileBytes.read(item.path)
    guard ContentHash(of: bytes) == item.content else {
      throw WorkerError(
        .failure, "\(item.path): the file has changed since the audit was planned; restore it, or start anew")
    }
    let image = try RGBImage(decoding: bytes, name: item.path)
    let result = try preprocessor.resized(width: image.width, height: image.height, rgb: image.bytes)
    if bytesKept + result.count <= Self.limit {
      resized[position] = result
      bytesKept += result.count
    }
    return result
  }
}
