internal import Datasets
internal import Models
internal import Support
internal import Torch
internal import Transport

/// The items of the audit as the model sees them: read when first needed, resized, and kept as bytes within a limit.
final class ItemStore: ImageItems {
  private let files: ItemFiles
  private let preprocessor: ImagePreprocessor
  private var resized: [Int: [UInt8]] = [:]
  private var bytesKept = 0

  /// Bytes of resized images that a worker keeps.
  private static let limit = 1 << 30

  init(files: ItemFiles, preprocessor: ImagePreprocessor) {
    self.files = files
    self.preprocessor = preprocessor
  }

  /// What has to be fetched before a batch of these items can be made.
  func lacking(_ positions: [Int]) -> [WantedContent] {
    files.lacking(positions.lazy.filter { self.resized[$0] == nil })
  }

  var count: Int { files.items.count }

  var identity: ContentHash {
    var hasher = ContentHasher()
    for item in files.items { hasher.combine(item.content) }
    return hasher.finish()
  }

  func pixels(_ views: [ImageView]) throws -> Tensor {
    try preprocessor.pixels(resized: views.map { try resizedBytes($0.item) }, mirrored: views.map(\.isMirrored))
  }

  func labels(_ positions: [Int]) -> [Int] { positions.map { files.items[$0].label } }

  private func resizedBytes(_ position: Int) throws -> [UInt8] {
    if let kept = resized[position] { return kept }
    let image = try RGBImage(decoding: files.read(position), name: files.items[position].path)
    let result = try preprocessor.resized(width: image.width, height: image.height, rgb: image.bytes)
    if bytesKept + result.count <= Self.limit {
      resized[position] = result
      bytesKept += result.count
    }
    return result
  }
}
