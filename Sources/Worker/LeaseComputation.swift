internal import Checkpoints
internal import Models
internal import Optimization
internal import RandomNumbers
internal import Torch
internal import Wire

/// Turns leases into gradients and logits; lives on the worker's compute thread.
final class LeaseComputation {
  private let checkpoint: CheckpointFolder
  private let methods: [AdaptationMethod]
  private let precision: Precision
  private let labels: Int
  private let items: ItemStore
  private let device: Device
  private var models: [Int: ImageClassifier] = [:]
  /// Which run's parameters, of which version, each model holds.
  private var loaded: [Int: ParametersKey] = [:]

  /// Names the parameters that a lease needs.
  struct ParametersKey: Hashable {
    let run: UInt32
    let version: UInt32
  }

  init(
    checkpoint: CheckpointFolder, methods: [AdaptationMethod], precision: Precision, labels: Int, items: ItemStore,
    device: Device
  ) {
    self.precision = precision
    self.checkpoint = checkpoint
    self.methods = methods
    self.labels = labels
    self.items = items
    self.device = device
  }

  /// The gradient sums of a lease, as the fewest nodes of the canonical tree.
  func gradients(of lease: Tenbin_LeaseGrant, parameters: [Float]) throws -> [GradientSum] {
    let model = try model(for: lease, parameters: parameters)
    let first = Int(lease.firstUnit)
    let range = first..<first + lease.units.count
    let dropoutKey = try dropoutKey(of: lease)
    return try CanonicalTree.nodes(covering: range, total: Int(lease.totalUnits)).map { node in
      var reduction = GradientReduction(total: node.count, elements: parameters.count)
      for unit in node {
        let positions = lease.units[unit - first].items.map(Int.init)
        let batch = try items.batch(positions)
        let sum = try model.gradientSum(
          pixels: batch.pixels, labels: batch.labels, dropout: dropoutKey.map { key in positions.map { key[$0] } } ?? []
        )
        // A node of the canonical tree is itself a canonical tree: its leaves may be counted from 0.
        let leaf = unit - node.lowerBound
        try reduction.insert(
          GradientSum(
            range: leaf..<leaf + 1, gradient: sum.gradient, lossSum: sum.lossSum, samples: batch.labels.count))
      }
      guard var root = reduction.root else {
        throw WorkerError(.failure, "the gradients of micro-batches \(node) do not add up to one node")
      }
      root.range = node
      return root
    }
  }

  /// The logits of a lease, item by item, flat.
  func logits(of lease: Tenbin_LeaseGrant, parameters: [Float]) throws -> [Float] {
    let model = try model(for: lease, parameters: parameters)
    return try lease.units.flatMap { unit in
      let batch = try items.batch(unit.items.map(Int.init))
      return try model.logits(pixels: batch.pixels).flatMap { $0 }
    }
  }

  /// What the items of the lease draw from; nil where the method drops nothing.
  private func dropoutKey(of lease: Tenbin_LeaseGrant) throws(WorkerError) -> RandomKey? {
    guard methods.indices.contains(Int(lease.method)), methods[Int(lease.method)].hasDropout else { return nil }
    guard let key = RandomKey(bytes: lease.dropoutKey) else {
      throw WorkerError(
        .failure, "lease \(lease.identifier) holds a dropout key of \(lease.dropoutKey.count) bytes; expected 16")
    }
    return key
  }

  private func model(for lease: Tenbin_LeaseGrant, parameters: [Float]) throws -> ImageClassifier {
    let method = Int(lease.method)
    guard methods.indices.contains(method) else {
      throw WorkerError(.failure, "a lease names method \(method), but the welcome listed \(methods.count)")
    }
    let model: ImageClassifier
    if let known = models[method] {
      model = known
    } else {
      // One arm is worked on at a time: what another held is freed before this one is made.
      models = [:]
      loaded = [:]
      model = try ImageClassifier(
        checkpoint: checkpoint, method: methods[method], labels: labels, precision: precision, device: device)
      models[method] = model
    }
    let key = ParametersKey(run: lease.run, version: lease.version)
    if loaded[method] != key {
      try model.load(parameters: parameters)
      loaded[method] = key
    }
    return model
  }
}
