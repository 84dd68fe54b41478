internal import SwiftProtobuf

/// What goes to one peer: transfers in their order, chunk by chunk, as far as its window allows; pure.
package struct OutboundFlow {
  /// Two frames.
  package struct Chunk {
    package let header: [UInt8]
    package let payload: ArraySlice<UInt8>
    package var bytes: Int { header.count + payload.count }
  }

  private var queue: [(transfer: Transfer, identifier: UInt64)] = []
  private var first = 0
  private var offset = 0
  /// Bytes of chunks that were sent and not yet acknowledged.
  package private(set) var unacknowledged = 0

  package init() {}

  package mutating func add(_ transfer: Transfer, identifier: UInt64) { queue.append((transfer, identifier)) }

  /// The chunk that may be sent now, if any. It stays the next one until it was `sent`.
  package func next() -> Chunk? {
    guard first < queue.count else { return nil }
    let (transfer, identifier) = queue[first]
    let end = min(offset + WireLimits.chunk, transfer.payload.count)
    var header = Tenbin_ChunkHeader()
    header.transfer = identifier
    header.offset = UInt64(offset)
    header.totalBytes = UInt64(transfer.payload.count)
    // Said once: some subjects are long.
    if offset == 0 { header.subject = transfer.subject }
    let chunk = Chunk(header: header.encoded, payload: transfer.payload[offset..<end])
    return unacknowledged + chunk.bytes <= WireLimits.window ? chunk : nil
  }

  package mutating func sent(_ chunk: Chunk) {
    guard first < queue.count else { return }
    unacknowledged += chunk.bytes
    offset = chunk.payload.endIndex
    guard offset == queue[first].transfer.payload.count else { return }
    // Freed now, not when the queue is empty.
    queue[first].transfer.payload = []
    queue[first].transfer.owner = nil
    offset = 0
    first += 1
    guard first == queue.count || first >= 64 else { return }
    queue.removeFirst(first)
    first = 0
  }

  /// The peer has consumed so many bytes; false where it cannot have.
  package mutating func acknowledge(_ bytes: UInt64) -> Bool {
    guard bytes <= UInt64(unacknowledged) else { return false }
    unacknowledged -= Int(bytes)
    return true
  }
}

extension SwiftProtobuf.Message {
  /// Serializing only fails where required fields are missing, and proto3 has none.
  var encoded: [UInt8] { (try? serializedBytes()) ?? [] }
}

extension Tenbin_ChunkHeader {
  /// Says that so many bytes were consumed.
  static func credit(_ bytes: Int) -> [UInt8] {
    var header = Tenbin_ChunkHeader()
    header.credit.bytes = UInt64(bytes)
    return header.encoded
  }
}
