internal import Synchronization

/// A flat buffer of Float32 numbers, in the process's own memory or in memory that processes share.
///
/// Sendable because only its owner writes to it: the thread that made it, until it hands the buffer on.
package final class FloatBuffer: @unchecked Sendable {
  package let pointer: UnsafeMutableBufferPointer<Float>
  private let release: () -> Void

  /// - Parameters:
  ///   - pointer: memory that stays valid for as long as the buffer lives.
  ///   - release: called once, when the buffer is no longer used; gives the memory back.
  package init(_ pointer: UnsafeMutableBufferPointer<Float>, release: @escaping () -> Void) {
    self.pointer = pointer
    self.release = release
  }

  /// A new buffer, with `value` everywhere.
  package convenience init(repeating value: Float, count: Int) {
    self.init(uninitializedCount: count)
    pointer.initialize(repeating: value)
  }

  /// A new buffer with the numbers of `floats`.
  package convenience init(_ floats: [Float]) {
    self.init(uninitializedCount: floats.count)
    _ = pointer.initialize(from: floats)
  }

  /// A copy of another buffer.
  package convenience init(copying other: FloatBuffer) {
    self.init(uninitializedCount: other.count)
    _ = pointer.initialize(from: other.pointer)
  }

  /// A copy of `count` numbers of `floats` from position `start` on.
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

  /// Overwrites the numbers from position `start` on with another buffer's, as far as there is room.
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
      // A value that is not finite has all exponent bits set; only then does the addition carry into the sign bit.
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

/// Keeps large blocks of freed memory for the next buffers. The system clears fresh memory page by page, which takes
/// longer than copying a model.
private final class LargeBlocks: Sendable {
  static let shared = LargeBlocks()
  private let kept = Mutex<(bytes: Int, blocks: [Block])>((0, []))

  /// Sendable because a block in the list has no owner.
  private struct Block: @unchecked Sendable {
    let memory: UnsafeMutableRawPointer
  }

  /// Smaller blocks are left to the allocator.
  private static let smallest = 4 << 20
  /// Enough for a copy of a training state, another one on its way to the disk, and a gradient.
  private static let mostBlocks = 7
  /// The most unused memory that a process holds.
  private static let mostBytes = 4 << 30

  /// Memory of `bytes` bytes, aligned to cache lines, with undefined content.
  func take(_ bytes: Int) -> UnsafeMutableRawPointer {
    let block = kept.withLock { kept in kept.bytes == bytes ? kept.blocks.popLast() : nil }
    return block?.memory ?? .allocate(byteCount: bytes, alignment: 64)
  }

  /// Keeps the memory for another block of its size, or frees it. Only blocks of the size that was freed last are kept,
  /// because one model is trained at a time.
  func give(_ memory: UnsafeMutableRawPointer, bytes: Int) {
    guard bytes >= Self.smallest else { return memory.deallocate() }
    let block = Block(memory: memory)
    let freed = kept.withLock { kept -> [Block] in
      var freed: [Block] = []
      if kept.bytes != bytes {
        freed = kept.blocks
        kept = (bytes, [])
      }
      if kept.blocks.count < min(Self.mostBlocks, Self.mostBytes / bytes) {
        kept.blocks.append(block)
      } else {
        freed.append(block)
      }
      return freed
    }
    for block in freed { block.memory.deallocate() }
  }
}
