package import Checkpoints
internal import Models
package import Support
package import Torch

/// What a worker's computations of all tasks and methods have in common.
package struct ComputationSettings {
  package var precision: Precision
  package var device: Device
  /// The digest of the base, and of everything besides precision and items on which the bits of a state depend.
  package var environment: ContentHash
  /// Bytes that the states behind frozen prefixes may take on this host's disk.
  package var activationCacheLimit: Int

  package init(precision: Precision, device: Device, environment: ContentHash, activationCacheLimit: Int) {
    self.precision = precision
    self.device = device
    self.environment = environment
    self.activationCacheLimit = activationCacheLimit
  }

  /// The digest of everything on which the states behind a prefix depend.
  ///
  /// - Parameter items: the digest of the items in their order.
  func key(of prefix: FrozenPrefix, items: ContentHash) -> ContentHash {
    var hasher = ContentHasher()
    hasher.combine("frozen states 3")
    hasher.combine(precision.rawValue)
    switch prefix {
    case .features: hasher.combine("features")
    case .blocks(let count): hasher.combine(count)
    }
    hasher.combine(environment)
    hasher.combine(items)
    return hasher.finish()
  }
}
