package import Checkpoints
internal import Models
package import Planning
package import Support
internal import Torch
package import Transport

/// Gradients and logits of images.
package final class ImageComputation: MicroBatchComputation {
  private let checkpoint: CheckpointFolder
  private let methods: [AdaptationMethod]
  private let settings: ComputationSettings
  private let items: any ImageItems
  private let labels: Int
  private let flipProbability: Double
  private let arm: ModelCache<ImageArm>

  /// The models of an arm.
  private final class ImageArm {
    let model: ImageClassifier
    var states: (all: FrozenActivations, shape: [Int])?
    /// Models that are computed at once, and the gradients of all of them.
    var packed: (model: ImageClassifier, size: Int, gradients: FloatBuffer)?

    init(model: ImageClassifier) { self.model = model }
  }

  /// - Parameters:
  ///   - labels: the number of classes.
  ///   - flipProbability: the probability with which a training image is mirrored.
  package init(
    checkpoint: CheckpointFolder, methods: [AdaptationMethod], items: any ImageItems, labels: Int,
    flipProbability: Double = 0, settings: ComputationSettings
  ) {
    self.checkpoint = checkpoint
    self.methods = methods
    self.items = items
    self.labels = labels
    self.flipProbability = flipProbability
    self.settings = settings
    arm = ModelCache(methods: methods) { method in
      ImageArm(
        model: try ImageClassifier(
          checkpoint: checkpoint, method: method, labels: labels, precision: settings.precision,
          device: settings.device))
    }
  }

  package func missing(_ positions: [Int]) -> [WantedContent] { items.missing(positions) }

  package func parameterCount(method: Int) throws -> Int { try arm(method).model.layout.count }

  package func load(_ parameters: UnsafeBufferPointer<Float>, method: Int) throws {
    try arm(method).model.load(parameters: parameters)
  }

  package func lossSum(
    method: Int, items positions: [Int], draws: RandomKey, gradient: FloatBuffer
  ) throws -> Double {
    let arm = try arm(method)
    return try arm.model.gradientSum(
      try input(positions.map { view($0, draws: draws) }, of: arm), labels: items.labels(positions),
      dropout: methods[method].hasDropout ? positions.map { draws[$0] } : [], into: gradient.pointer)
  }

  package func load(_ parameters: UnsafeBufferPointer<Float>, method: Int, pack: RunSchedule.Pack) throws {
    try packedModel(method, size: pack.size).model.load(parameters: parameters, model: pack.slot)
  }

  package func lossSums(
    method: Int, slotSize: Int, _ parts: [PackedMicroBatch]
  ) throws -> [(loss: Double, gradient: FloatBuffer)] {
    guard let first = parts.first, let filler = first.items.first else { return [] }
    let (model, gradients) = try packedModel(method, size: first.pack.size)
    var views = [ImageView](repeating: ImageView(item: filler), count: first.pack.size * slotSize)
    var counts = [Int](repeating: 0, count: first.pack.size)
    var keys: [RandomKey] = methods[method].hasDropout ? views.map { first.draws[$0.item] } : []
    for part in parts {
      guard part.items.count <= slotSize, counts.indices.contains(part.pack.slot) else {
        throw WorkerError(
          .failure,
          "a model of a pack with slots of \(slotSize) items was assigned a micro-batch of \(part.items.count)")
      }
      counts[part.pack.slot] = part.items.count
      for (offset, item) in part.items.enumerated() {
        views[part.pack.slot * slotSize + offset] = view(item, draws: part.draws)
        if !keys.isEmpty { keys[part.pack.slot * slotSize + offset] = part.draws[item] }
      }
    }
    let losses = try model.gradientSums(
      try input(views, of: try arm(method)), labels: items.labels(views.map(\.item)), counts: counts, dropout: keys,
      into: gradients.pointer)
    let count = model.layout.count
    return parts.map { part in
      let slot = part.pack.slot
      return (losses[slot], FloatBuffer(copying: gradients.pointer, from: slot * count, count: count))
    }
  }

  private func packedModel(
    _ method: Int, size: Int
  ) throws -> (model: ImageClassifier, gradients: FloatBuffer) {
    let arm = try arm(method)
    if let packed = arm.packed, packed.size == size { return (packed.model, packed.gradients) }
    arm.packed = nil
    let model = try ImageClassifier(
      checkpoint: checkpoint, method: methods[method], labels: labels, models: size,
      precision: settings.precision, device: settings.device)
    let gradients = FloatBuffer(repeating: 0, count: size * model.layout.count)
    arm.packed = (model, size, gradients)
    return (model, gradients)
  }

  package func evaluate(method: Int, items positions: [Int], _ question: EvaluationQuestion) throws -> [Float] {
    let arm = try arm(method)
    // One product per query, so that the bits of an item do not depend on the number of queries.
    let queries = try (0..<question.queries).map { query in
      try arm.model.logits(try input(positions.map { ImageView(item: $0, isMirrored: query == 1) }, of: arm))
    }
    return positions.indices.flatMap { index in queries.flatMap { $0[index] } }
  }

  private func view(_ item: Int, draws: RandomKey) -> ImageView {
    ImageView(item: item, flipProbability: flipProbability, draws: draws[item])
  }

  private func input(_ views: [ImageView], of arm: ImageArm) throws -> ImageClassifier.Input {
    guard let prefix = arm.model.frozenPrefix, let first = views.first else {
      return .pixels(try items.pixels(views))
    }
    let states: (all: FrozenActivations, shape: [Int])
    if let known = arm.states {
      states = known
    } else {
      // The size of an activation is known from one image.
      let example = try arm.model.prefixStates(pixels: items.pixels([first]))
      let sizes = [Int](repeating: example.count, count: 2 * items.count)
      let key = settings.key(of: prefix, items: items.identity)
      let all = FrozenActivations(sizes: sizes, key: key, limit: settings.activationCacheLimit) {
        [items, model = arm.model] in
        try model.prefixStates(pixels: items.pixels([ImageView(row: $0)]))
      }
      states = (all, Array(example.shape.dropFirst()))
      arm.states = states
    }
    return .prefixStates(
      try states.all.rows(
        views.map(\.row), width: states.shape.reduce(1, *), shape: [views.count] + states.shape))
  }
}

extension ImageView {
  /// The row of its activation: each item has one as it is, then one mirrored.
  fileprivate var row: Int { 2 * item + (isMirrored ? 1 : 0) }

  fileprivate init(row: Int) { self.init(item: row / 2, isMirrored: row % 2 == 1) }
}
