package import Planning
package import Support
package import Transport

/// What turns items into gradients and logits, for whoever keeps leases and deliveries.
///
/// It belongs to the worker's compute thread.
package protocol MicroBatchComputation: AnyObject {
  /// How many parameters a method trains; methods are numbered as in the welcome.
  func parameterCount(method: Int) throws -> Int

  /// From now on the model of this method has these parameters.
  func load(_ parameters: UnsafeBufferPointer<Float>, method: Int) throws

  /// The loss summed over some items; writes the summed gradient to `gradient`, of `parameterCount` elements.
  ///
  /// - Parameters:
  ///   - items: positions in the catalogue.
  ///   - draws: what the items' dropout and mirroring are drawn from, each from the sub-stream of its position.
  func lossSum(method: Int, items: [Int], draws: RandomKey, gradient: FloatBuffer) throws -> Double

  /// From now on the model at a place of a pack of this method has these parameters.
  func load(_ parameters: UnsafeBufferPointer<Float>, method: Int, pack: RunSchedule.Pack) throws

  /// The loss of several models of one pack, each summed over its own items, and the gradients of these sums.
  ///
  /// - Parameter places: items that each model of the pack has room for, whether they are there or not.
  func lossSums(
    method: Int, places: Int, _ parts: [PackedMicroBatch]
  ) throws -> [(loss: Double, gradient: FloatBuffer)]

  /// What the evaluation of some items comes to, item by item, flat: of a classification logits; of sequences the
  /// log-likelihood of each, and then the tokens generated after the first, with −1 behind their end.
  func evaluate(method: Int, items: [Int], _ asked: EvaluationQuestion) throws -> [Float]

  /// The contents that must be fetched before these items can be computed.
  func lacking(_ items: [Int]) -> [WantedContent]
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
    throw WorkerError(.failure, "this worker computes no models together")
  }

  package func lossSums(
    method: Int, places: Int, _ parts: [PackedMicroBatch]
  ) throws -> [(loss: Double, gradient: FloatBuffer)] {
    throw WorkerError(.failure, "this worker computes no models together")
  }

  package func lacking(_ items: [Int]) -> [WantedContent] { [] }
}
