/// Flat Float32 numbers at one place in memory: the process's own, or memory that processes share.
///
/// Sendable because only its owner writes to it: whoever made it, until it is handed on, and then whoever has it.
package final class FloatBuffer: @unchecked Sendable {
  package let pointer: UnsafeMutableBufferPointer<Float>
  private let release: () -> Void

  /// - Parameters:
  ///   - pointer: where the numbers lie for as long as the buffer lives.
  ///   - release: gives the memory back.
  package init(_ pointer: UnsafeMutableBufferPointer<Float>, release: @escaping () -> Void) {
    self.pointer = pointer
    self.release = release
  }

  /// Memory of the process's own, with `value` everywhere.
  package convenience init(repeating value: Float, count: Int) {
    self.init(uninitializedCount: count)
    pointer.initialize(repeating: value)
  }

  /// Memory of the process's own, with the numbers of `floats`.
  package convenience init(_ floats: [Float]) {
    self.init(uninitializedCount: floats.count)
    _ = pointer.initialize(from: floats)
  }

  /// Memory of the process's own, with a copy of another buffer's numbers.
  package convenience init(copying other: FloatBuffer) {
    self.init(uninitializedCount: other.count)
    _ = pointer.initialize(from: other.pointer)
  }

  /// Memory of the process's own, with a copy of `count` numbers of `floats` from position `start` on.
  package convenience init(copying floats: UnsafeMutableBufferPointer<Float>, from start: Int, count: Int) {
    self.init(uninitializedCount: count)
    _ = pointer.initialize(from: floats[start..<start + count])
  }

  private convenience init(uninitializedCount count: Int) {
    // Whole cache lines, so that vector loads and parallel writers never share one.
    let bytes = Swift.max(64, count * 4)
    let memory = LargeBlocks.shared.take(bytes)
    let floats = memory.bindMemory(to: Float.self, capacity: count)
    self.init(UnsafeMutableBufferPointer(start: floats, count: count)) {
      LargeBlocks.shared.give(memory, bytes: bytes)
    }
  }

  deinit { release() }

  /// The numbers, to be read.
  package var floats: UnsafeBufferPointer<Float> { UnsafeBufferPointer(pointer) }

  /// Copies the numbers of another buffer here, from position `start` on, as far as there is room.
  package func copy(from other: FloatBuffer, to start: Int = 0) {
    guard let target = pointer.baseAddress, let source = other.pointer.baseAddress, (0...count).contains(start) else {
      return
    }
    (target + start).update(from: source, count: Swift.min(count - start, other.count))
  }

  /// Whether no number is infinite or undefined.
  package var isFinite: Bool {
    var found: UInt32 = 0
    for value in pointer {
      // All bits of the exponent are set in what is not finite, and then only the addition carries into the sign.
      found |= (value.bitPattern & 0x7F80_0000) &+ 0x0080_0000
    }
    return found & 0x8000_0000 == 0
  }
}

extension FloatBuffer: RandomAccessCollection, Equatable, ExpressibleByArrayLiteral {
  package var startIndex: Int { 0 }
  package var endIndex: Int { pointer.count }

  package subscript(position: Int) -> Float { pointer[position] }

  package static func == (left: FloatBuffer, right: FloatBuffer) -> Bool { left.elementsEqual(right) }

  package convenience init(arrayLiteral elements: Float...) { self.init(elements) }
}

/// Runs a body over parts that together make up 0 ..< `count`, in any order or at once: for loops whose iterations are
/// independent, so that the bits do not depend on how they are spread.
package typealias ElementLoop = (_ count: Int, _ body: (Range<Int>) -> Void) -> Void

/// Runs the body once, over everything.
package func serialLoop(_ count: Int, _ body: (Range<Int>) -> Void) { body(0..<count) }
