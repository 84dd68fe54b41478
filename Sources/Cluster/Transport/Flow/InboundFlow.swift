/// What comes from one peer: its transfers in the making, its budget and its window; pure.
package struct InboundFlow {
  /// Payload bytes that the peer may still begin to send; nil for a peer that is trusted with any number.
  private var budget: Int?
  private var assembler = TransferAssembler()
  /// Bytes of chunks that were dropped; they are never acknowledged, so that a peer that goes on runs into its window.
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
  /// - Returns: the transfer, where that was its last chunk.
  /// - Throws: `ChunkError` where it was dropped; `.overWindow` where the peer is to be given up.
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

  /// The bytes to be acknowledged now; 0 while they are not worth a frame.
  package mutating func acknowledgement() -> Int {
    guard consumed >= WireLimits.acknowledgement else { return 0 }
    defer { consumed = 0 }
    return consumed
  }
}
