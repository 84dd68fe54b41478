import CTorch

/// A tensor of libtorch: floats of a `ScalarType`, or whole numbers where an operation asks for them.
///
/// A tensor belongs to the thread that made it; it is not `Sendable`, as neither libtorch's graph nor the mode in which
/// gradients are recorded is shared between threads.
package final class Tensor {
  let handle: OpaquePointer

  init(owning handle: OpaquePointer) { self.handle = handle }

  deinit { ctorch_tensor_free(handle) }

  /// Takes the tensor that `make` writes to its argument.
  static func making(
    _ operation: String, _ make: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
  ) throws(TorchError) -> Tensor {
    var handle: OpaquePointer?
    try TorchLibrary.check(operation, make(&handle))
    guard let handle else { throw .failed(operation: operation, reason: "libtorch returned nothing") }
    return Tensor(owning: handle)
  }

  package var shape: [Int] {
    (0..<ctorch_tensor_dimensions(handle)).map { Int(ctorch_tensor_size(handle, $0)) }
  }

  package var count: Int { shape.reduce(1, *) }

  /// The elements, row by row, on the host.
  package func floats() throws(TorchError) -> [Float] {
    let count = count
    var status: Int32 = 0
    let result = [Float](unsafeUninitializedCapacity: count) { values, initialized in
      values.initialize(repeating: 0)
      initialized = count
      status = ctorch_tensor_read(handle, values.baseAddress, Int64(count))
    }
    try TorchLibrary.check("floats", status)
    return result
  }

  /// Overwrites the elements in place; every tensor that shares them changes too.
  package func write(_ values: UnsafeBufferPointer<Float>) throws(TorchError) {
    try TorchLibrary.check("write", ctorch_tensor_write(handle, values.baseAddress, Int64(values.count)))
  }
}

extension Tensor {
  /// A copy of `values`, row by row in `shape`.
  package static func copying(_ values: [Float], shape: [Int], on device: Device = .cpu) throws(TorchError) -> Tensor {
    try checkShape("copying", shape, count: values.count)
    let extent = shape.map(Int64.init)
    return try making("copying") { ctorch_tensor_copy(values, extent, Int32(extent.count), device.number, $0) }
  }

  /// Whole numbers, as labels and tokens are: in one dimension, or row by row in `shape`.
  package static func copying(
    integers: [Int], shape: [Int]? = nil, on device: Device = .cpu
  ) throws(TorchError) -> Tensor {
    let shape = shape ?? [integers.count]
    try checkShape("copying", shape, count: integers.count)
    let values = integers.map(Int64.init)
    let extent = shape.map(Int64.init)
    return try making("copying") {
      ctorch_tensor_copy_integers(values, extent, Int32(extent.count), device.number, $0)
    }
  }

  /// A copy of the elements of `type` that `bytes` hold, row by row in `shape`.
  package static func copying(
    _ bytes: UnsafeRawBufferPointer, of type: ScalarType, shape: [Int]
  ) throws(TorchError) -> Tensor {
    let copy = CopiedBytes(bytes)
    return try borrowing(UnsafeRawBufferPointer(copy.bytes), of: type, shape: shape, owner: copy)
  }

  /// The elements of `type` at `bytes`, used in place and never written; `owner` lives as long as libtorch needs them.
  ///
  /// Bytes that do not start at a multiple of an element's size are copied.
  package static func borrowing(
    _ bytes: UnsafeRawBufferPointer, of type: ScalarType = .float32, shape: [Int], owner: AnyObject
  ) throws(TorchError) -> Tensor {
    try checkShape("borrowing", shape, count: bytes.count / type.byteCount)
    var (bytes, owner) = (bytes, owner)
    if let start = bytes.baseAddress, UInt(bitPattern: start) % UInt(type.byteCount) != 0 {
      let copy = CopiedBytes(bytes)
      (bytes, owner) = (UnsafeRawBufferPointer(copy.bytes), copy)
    }
    guard let start = bytes.baseAddress else { return try zeros(shape) }
    let extent = shape.map(Int64.init)
    let context = Unmanaged.passRetained(owner)
    do throws(TorchError) {
      return try making("borrowing") { result in
        ctorch_tensor_borrow(
          start, type.number, extent, Int32(extent.count), context.toOpaque(),
          { owner in if let owner { Unmanaged<AnyObject>.fromOpaque(owner).release() } }, result)
      }
    } catch {
      context.release()
      throw error
    }
  }

  package static func zeros(_ shape: [Int], on device: Device = .cpu) throws(TorchError) -> Tensor {
    let extent = shape.map(Int64.init)
    return try making("zeros") { ctorch_tensor_zeros(extent, Int32(extent.count), device.number, $0) }
  }

  /// A leaf of the graph that shares the elements of this one-dimensional buffer from `offset` on; of a buffer of several
  /// models, [models, elements], the parameter of each, [models, shape].
  package func parameter(at offset: Int, shape: [Int]) throws(TorchError) -> Tensor {
    let extent = shape.map(Int64.init)
    return try Self.making("parameter") {
      ctorch_parameter(handle, Int64(offset), extent, Int32(extent.count), $0)
    }
  }

  /// This tensor on `device`; itself where it is there already.
  package func moved(to device: Device) throws(TorchError) -> Tensor {
    try Self.making("moved") { ctorch_tensor_to_device(handle, device.number, $0) }
  }

  /// This tensor's elements in `type`; itself where they are of it already.
  package func converted(to type: ScalarType) throws(TorchError) -> Tensor {
    try Self.making("converted") { ctorch_tensor_to_type(handle, type.number, $0) }
  }

  private static func checkShape(_ operation: String, _ shape: [Int], count: Int) throws(TorchError) {
    var product = 1
    for dimension in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      guard dimension >= 0, !overflow else { throw .shape(operation: operation, expected: "sizes", found: shape) }
      product = next
    }
    guard product == count else {
      throw .shape(operation: operation, expected: "a shape of \(count) elements", found: shape)
    }
  }
}

/// Bytes of its own, aligned for every element type.
private final class CopiedBytes {
  let bytes: UnsafeMutableRawBufferPointer

  init(_ source: UnsafeRawBufferPointer) {
    bytes = .allocate(byteCount: source.count, alignment: 64)
    bytes.copyMemory(from: source)
  }

  deinit { bytes.deallocate() }
}
