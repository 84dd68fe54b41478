package import Checkpoints
internal import Models
package import Planning
package import Support
package import Torch
package import Transport

/// Turns items into gradients and outputs; knows nothing of leases and deliveries.
///
/// It belongs to the worker's compute thread.
package protocol MicroBatchComputation: AnyObject {
  /// How many parameters a method trains; methods are numbered as in the welcome.
  func parameterCount(method: Int) throws -> Int

  /// Gives the model of this method these parameters.
  func load(_ parameters: UnsafeBufferPointer<Float>, method: Int) throws

  /// The loss summed over some items; writes the summed gradient to `gradient`, of `parameterCount` elements.
  ///
  /// - Parameters:
  ///   - items: positions in the catalogue.
  ///   - draws: the source of dropout and augmentation; each item draws from the sub-stream of its position.
  func lossSum(method: Int, items: [Int], draws: RandomKey, gradient: FloatBuffer) throws -> Double

  /// Gives the model in a slot of a pack of this method these parameters.
  func load(_ parameters: UnsafeBufferPointer<Float>, method: Int, pack: RunSchedule.Pack) throws

  /// The loss of several models of one pack, each summed over its own items, and the gradients of these sums.
  ///
  /// - Parameter slotSize: the capacity of each slot, in items; a slot need not be full.
  func lossSums(
    method: Int, slotSize: Int, _ parts: [PackedMicroBatch]
  ) throws -> [(loss: Double, gradient: FloatBuffer)]

  /// The outputs of some items, item by item, flat. A classification has logits. Sequences have one log-likelihood each,
  /// then the tokens generated after the first sequence, padded with −1.
  func evaluate(method: Int, items: [Int], _ question: EvaluationQuestion) throws -> [Float]

  /// The contents that must be fetched before these items can be computed.
  func missing(_ items: [Int]) -> [WantedContent]
}

/// The micro-batch of one model of a pack.
package struct PackedMicroBatch {
  package let pack: RunSchedule.Pack
  /// Positions in the catalogue.
  package let items: [Int]
  package let draws: RandomKey

  package init(pack: RunSchedule.Pack, items: [Int], draws: RandomKey) {
    self.pack = pack
    self.items = items
    self.draws = draws
  }
}

extension MicroBatchComputation {
  package func load(_ parameters: UnsafeBufferPointer<Float>, method: Int, pack: RunSchedule.Pack) throws {
    throw WorkerError(.failure, "this worker cannot compute a pack of models")
  }

  package func lossSums(
    method: Int, slotSize: Int, _ parts: [PackedMicroBatch]
  ) throws -> [(loss: Double, gradient: FloatBuffer)] {
    throw WorkerError(.failure, "this worker cannot compute a pack of models")
  }

  package func missing(_ items: [Int]) -> [WantedContent] { [] }
}

/// Settings that a worker's computations of all tasks and methods share.
package struct ComputationSettings {
  package var precision: Precision
  package var device: Device
  /// The digest of the base, and of everything else that the bits of an activation depend on, besides precision and items.
  package var environment: ContentHash
  /// The most bytes of cached activations on this host's disk.
  package var activationCacheLimit: Int

  package init(precision: Precision, device: Device, environment: ContentHash, activationCacheLimit: Int) {
    self.precision = precision
    self.device = device
    self.environment = environment
    self.activationCacheLimit = activationCacheLimit
  }

  /// The digest of everything that the activations after a frozen prefix depend on.
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

/// The model of the current arm and what belongs to it. Only one arm's is kept at a time, because models are large.
final class ModelCache<Contents: AnyObject> {
  private let methods: [AdaptationMethod]
  private let make: (AdaptationMethod) throws -> Contents
  private var current: (method: Int, contents: Contents)?

  /// - Parameter methods: as the welcome numbers them.
  init(methods: [AdaptationMethod], make: @escaping (AdaptationMethod) throws -> Contents) {
    self.methods = methods
    self.make = make
  }

  /// - Throws: `WorkerError` if the welcome listed no such method.
  func callAsFunction(_ method: Int) throws -> Contents {
    if let current, current.method == method { return current.contents }
    guard methods.indices.contains(method) else {
      throw WorkerError(.failure, "a run names method \(method), but the welcome listed \(methods.count)")
    }
    // The model of the previous arm is freed before this one is made.
    current = nil
    let contents = try make(methods[method])
    current = (method, contents)
    return contents
  }
}
