internal import SwiftProtobuf

/// The transfers to one peer, in order, chunk by chunk, as far as its window allows; pure.
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
    // Sent once, because some subjects are long.
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

  /// The peer has consumed this many bytes; false if fewer were sent.
  package mutating func acknowledge(_ bytes: UInt64) -> Bool {
    guard bytes <= UInt64(unacknowledged) else { return false }
    unacknowledged -= Int(bytes)
    return true
  }
}

extension SwiftProtobuf.Message {
  /// Serializing fails only for missing required fields, and proto3 has none.
  var encoded: [UInt8] { (try? serializedBytes()) ?? [] }
}

extension Tenbin_ChunkHeader {
  /// Acknowledges consumed bytes.
  static func credit(_ bytes: Int) -> [UInt8] {
    var header = Tenbin_ChunkHeader()
    header.credit.bytes = UInt64(bytes)
    return header.encoded
  }
}

/// The transfers from one peer: those that are incomplete, its budget and its window; pure.
package struct InboundFlow {
  /// Bytes of transfers that the peer may still begin; nil for no limit.
  private var budget: Int?
  private var assembler = TransferAssembler()
  /// Bytes of dropped chunks. They are never acknowledged, so that a peer that continues fills its window.
  private var dropped = 0
  private var consumed = 0

  package init(budget: Int?) { self.budget = budget }

  package mutating func expect(bytes: Int) {
    guard let budget, bytes > 0 else { return }
    let (sum, isTooLarge) = budget.addingReportingOverflow(bytes)
    self.budget = isTooLarge ? .max : sum
  }

  /// Takes a chunk.
  ///
  /// - Returns: the transfer, if this was its last chunk.
  /// - Throws: `ChunkError` if it was dropped; after `.overWindow` the peer must be dropped too.
  package mutating func take(
    header: Tenbin_ChunkHeader, payload: UnsafeRawBufferPointer, frameBytes: Int
  ) throws(ChunkError) -> (identifier: UInt64, transfer: Transfer)? {
    guard consumed + dropped + frameBytes <= WireLimits.window else { throw .overWindow }
    do throws(ChunkError) {
      var budget = budget
      let whole = try assembler.insert(header: header, payload: payload) { (total) throws(ChunkError) in
        guard let left = budget else { return }
        guard total <= left else { throw .overBudget(bytes: total, left: left) }
        budget = left - total
      }
      self.budget = budget
      consumed += frameBytes
      return whole
    } catch {
      dropped += frameBytes
      throw error
    }
  }

  /// The bytes to acknowledge now; 0 while there are too few for a frame.
  package mutating func acknowledgement() -> Int {
    guard consumed >= WireLimits.acknowledgement else { return 0 }
    defer { consumed = 0 }
    return consumed
  }
}
