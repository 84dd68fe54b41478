internal import Checkpoints

/// What the arm that is worked on needs, made when its turn comes: one arm at a time, because models are large.
final class ModelCache<Contents: AnyObject> {
  private let methods: [AdaptationMethod]
  private let make: (AdaptationMethod) throws -> Contents
  private var current: (method: Int, contents: Contents)?

  /// - Parameter methods: as the welcome numbers them.
  init(methods: [AdaptationMethod], make: @escaping (AdaptationMethod) throws -> Contents) {
    self.methods = methods
    self.make = make
  }

  /// - Throws: `WorkerError` where the welcome listed no such method.
  func callAsFunction(_ method: Int) throws -> Contents {
    if let current, current.method == method { return current.contents }
    guard methods.indices.contains(method) else {
      throw WorkerError(.failure, "a run names method \(method), but the welcome listed \(methods.count)")
    }
    // What another arm held is freed before this one's model is made.
    current = nil
    let contents = try make(methods[method])
    current = (method, contents)
    return contents
  }
}
