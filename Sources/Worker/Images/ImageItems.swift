package import Content
package import Hashing
package import Torch

/// Where the images of an audit come from.
package protocol ImageItems: AnyObject {
  /// The digest of all items in their order: what is kept of one list of items is of no use to another.
  var identity: ContentHash { get }
  var count: Int { get }

  /// What has to be fetched before a batch of these items can be made.
  func lacking(_ positions: [Int]) -> [WantedContent]
  /// The model's input for some items, [items, channels, height, width].
  func pixels(_ positions: [Int]) throws -> Tensor
  func labels(_ positions: [Int]) throws -> [Int]
}
