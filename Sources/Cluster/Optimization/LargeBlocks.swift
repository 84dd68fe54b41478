internal import Synchronization

/// Large blocks of memory that were freed and will soon be wanted again: memory that is fresh from the system is cleared
/// page by page, which takes longer than copying a model.
final class LargeBlocks: Sendable {
  static let shared = LargeBlocks()
  private let kept = Mutex<(bytes: Int, blocks: [Block])>((0, []))

  /// Sendable because a block in the list belongs to nobody.
  private struct Block: @unchecked Sendable {
    let memory: UnsafeMutableRawPointer
  }

  /// Smaller blocks are left to the allocator.
  private static let smallest = 4 << 20
  /// Enough for a copy of a state, one on its way to the disk, and a gradient.
  private static let mostBlocks = 7
  /// What a process may hold that it does not use.
  private static let mostBytes = 4 << 30

  /// Memory of `bytes` bytes, aligned to cache lines, of whatever content.
  func take(_ bytes: Int) -> UnsafeMutableRawPointer {
    let block = kept.withLock { kept in kept.bytes == bytes ? kept.blocks.popLast() : nil }
    return block?.memory ?? .allocate(byteCount: bytes, alignment: 64)
  }

  /// Keeps the memory for another block of its size, or frees it. Blocks of one size are kept, that which was last freed:
  /// one model is trained at a time.
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
