package import Support
package import Torch
package import Transport

/// An image as a model is shown it.
package struct ImageView: Hashable, Sendable {
  /// Its position in the catalogue.
  package let item: Int
  /// Left and right exchanged.
  package let isMirrored: Bool

  package init(item: Int, isMirrored: Bool = false) {
    (self.item, self.isMirrored) = (item, isMirrored)
  }

  /// As training shows it.
  ///
  /// - Parameters:
  ///   - share: that of the images that are mirrored.
  ///   - draws: what the item draws from.
  init(item: Int, mirroredShare share: Double, draws: RandomKey) {
    guard share > 0 else {
      self.init(item: item)
      return
    }
    var generator = draws["mirror"].generator
    self.init(item: item, isMirrored: generator.uniform() < share)
  }
}

/// Where the images of an audit come from.
package protocol ImageItems: AnyObject {
  /// The digest of all items in their order: what is kept of one list of items is of no use to another.
  var identity: ContentHash { get }
  var count: Int { get }

  /// What has to be fetched before a batch of these items can be made.
  func lacking(_ positions: [Int]) -> [WantedContent]
  /// The model's input for some images, [images, channels, height, width].
  func pixels(_ views: [ImageView]) throws -> Tensor
  func labels(_ positions: [Int]) throws -> [Int]
}
