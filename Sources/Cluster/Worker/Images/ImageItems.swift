internal import Datasets
internal import Models
package import Support
package import Torch
package import Transport

/// An image as the model sees it.
package struct ImageView: Hashable, Sendable {
  /// Its position in the catalogue.
  package let item: Int
  /// Left and right exchanged.
  package let isMirrored: Bool

  package init(item: Int, isMirrored: Bool = false) {
    (self.item, self.isMirrored) = (item, isMirrored)
  }

  /// An image of a training batch.
  ///
  /// - Parameters:
  ///   - share: the probability that it is mirrored.
  ///   - draws: the item's stream of random numbers.
  init(item: Int, flipProbability share: Double, draws: RandomKey) {
    guard share > 0 else {
      self.init(item: item)
      return
    }
    var generator = draws[.mirror].generator
    self.init(item: item, isMirrored: generator.uniform() < share)
  }
}

/// The source of an audit's images.
package protocol ImageItems: AnyObject {
  /// The digest of all items in their order; part of the activation cache's key.
  var identity: ContentHash { get }
  var count: Int { get }

  /// The contents that must be fetched before a batch of these items can be made.
  func missing(_ positions: [Int]) -> [WantedContent]
  /// The model's input for some images, [images, channels, height, width].
  func pixels(_ views: [ImageView]) throws -> Tensor
  func labels(_ positions: [Int]) throws -> [Int]
}

/// The items of the audit as the model sees them: read when first needed, resized, and kept as bytes within a limit.
final class ItemStore: ImageItems {
  private let files: ItemFiles
  private let preprocessor: ImagePreprocessor
  private var resized: [Int: [UInt8]] = [:]
  private var bytesKept = 0

  /// The most bytes of resized images that a worker keeps.
  private static let limit = 1 << 30

  init(files: ItemFiles, preprocessor: ImagePreprocessor) {
    self.files = files
    self.preprocessor = preprocessor
  }

  /// The contents that must be fetched before a batch of these items can be made.
  func missing(_ positions: [Int]) -> [WantedContent] {
    files.missing(positions.lazy.filter { self.resized[$0] == nil })
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
