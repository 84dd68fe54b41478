package import Support
internal import Synchronization

/// Parameters that one process changes in place while others read them: readers see from the version in front of the
/// numbers whether they have read one version and no mixture (a sequence lock, after Lameter 2005).
package final class SharedParameters: Sendable {
  package let file: SharedFile
  package let buffer: FloatBuffer
  private static let header = 64

  /// Makes a file for `count` numbers; it goes with this object.
  package convenience init(making name: String, count: Int, in folder: SharedFolder) throws(SharedMemoryError) {
    let file = try SharedFile(making: name, bytes: Self.header + count * 4, in: folder)
    try self.init(file: file, count: count)
  }

  /// Maps the parameters that another process has made.
  package convenience init(opening name: String, count: Int, in folder: SharedFolder) throws(SharedMemoryError) {
    let file = try SharedFile(opening: name, bytes: Self.header + count * 4, in: folder)
    try self.init(file: file, count: count)
  }

  private init(file: SharedFile, count: Int) throws(SharedMemoryError) {
    guard let buffer = file.floats(at: Self.header, count: count) else {
      throw SharedMemoryError(file: file.name, problem: "expected room for \(count) numbers")
    }
    self.file = file
    self.buffer = buffer
  }

  /// Tells readers that the numbers are about to change.
  package func willChange() {
    file.memory.storeBytes(of: 0, as: UInt64.self)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }

  /// Tells readers that the numbers are of this version now.
  package func didChange(version: Int) {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    file.memory.storeBytes(of: UInt64(version) + 1, as: UInt64.self)
  }

  /// Lets `body` read the numbers.
  ///
  /// - Returns: nil when they were not of this version throughout; what `body` read is then of no use.
  package func read<Value>(
    version: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Value
  ) rethrows -> Value? {
    guard file.memory.load(as: UInt64.self) == UInt64(version) + 1 else { return nil }
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    let value = try body(buffer.floats)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    return file.memory.load(as: UInt64.self) == UInt64(version) + 1 ? value : nil
  }
}
