package import Content
package import Optimization
package import RandomNumbers

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
  ///   - dropout: what the items draw from, each from the sub-stream of its position.
  func lossSum(method: Int, items: [Int], dropout: RandomKey, gradient: FloatBuffer) throws -> Double

  /// The logits of some items, item by item, flat.
  func logits(method: Int, items: [Int]) throws -> [Float]

  /// The contents that must be fetched before these items can be computed.
  func lacking(_ items: [Int]) -> [WantedContent]
}

extension MicroBatchComputation {
  package func lacking(_ items: [Int]) -> [WantedContent] { [] }
}
