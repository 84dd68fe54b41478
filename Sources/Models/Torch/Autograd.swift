import CTorch

/// The recording of gradients and their computation.
package enum Autograd {
  /// Runs `body` without recording gradients on this thread.
  package static func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = ctorch_set_gradients_enabled(false)
    defer { _ = ctorch_set_gradients_enabled(before) }
    return try body()
  }

  /// The gradients of the scalar `loss` with respect to `parameters`, one after another in one flat buffer of `count`
  /// elements. The graph of `loss` is spent.
  package static func gradients(of loss: Tensor, for parameters: [Tensor], count: Int) throws(TorchError) -> [Float] {
    var status: Int32 = 0
    let result = [Float](unsafeUninitializedCapacity: count) { values, initialized in
      initialized = count
      status = write(loss, parameters, UnsafeMutableBufferPointer(rebasing: values[..<count]))
    }
    try TorchLibrary.check("gradients", status)
    return result
  }

  /// Writes the gradients of the scalar `loss` with respect to `parameters` one after another into `values`, which holds
  /// as many elements as they do; where each of them holds several models, model by model. The graph of `loss` is spent.
  package static func gradients(
    of loss: Tensor, for parameters: [Tensor], models: Int = 1, into values: UnsafeMutableBufferPointer<Float>
  ) throws(TorchError) {
    try TorchLibrary.check("gradients", write(loss, parameters, models: models, values))
  }

  private static func write(
    _ loss: Tensor, _ parameters: [Tensor], models: Int = 1, _ values: UnsafeMutableBufferPointer<Float>
  ) -> Int32 {
    let handles = parameters.map { OpaquePointer?($0.handle) }
    return ctorch_gradients(
      loss.handle, handles, Int32(handles.count), Int64(models), values.baseAddress, Int64(values.count))
  }
}
