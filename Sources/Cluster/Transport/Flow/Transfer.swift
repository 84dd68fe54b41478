/// A payload that is too large for a control message, with its subject.
package struct Transfer: Sendable {
  package var subject: Tenbin_ChunkHeader.OneOf_Subject
  package var payload: [UInt8]
  /// Released when the transfer was sent, or dropped with its peer.
  package var owner: (any AnyObject & Sendable)?

  package init(
    subject: Tenbin_ChunkHeader.OneOf_Subject, payload: [UInt8], owner: (any AnyObject & Sendable)? = nil
  ) {
    self.subject = subject
    self.payload = payload
    self.owner = owner
  }

  /// A transfer of numbers as raw little-endian Float32.
  package init(subject: Tenbin_ChunkHeader.OneOf_Subject, floats: [Float]) {
    self.subject = subject
    payload = floats.withUnsafeBytes { Array($0) }
  }

  /// The payload as Float32; nil when its length is not a multiple of four.
  package var floats: [Float]? {
    guard payload.count % 4 == 0 else { return nil }
    return payload.withUnsafeBytes { bytes in
      Array(unsafeUninitializedCapacity: bytes.count / 4) { buffer, count in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
        count = bytes.count / 4
      }
    }
  }
}

/// Reassembles the transfers of one peer from chunks; pure.
struct TransferAssembler {
  private var underWay: [UInt64: Transfer] = [:]

  /// Adds a chunk; returns the transfer when it is complete.
  ///
  /// - Parameter accept: called with the size of a new transfer before memory is allocated; throws to refuse it.
  /// - Throws: `ChunkError` for a chunk that does not continue its transfer.
  mutating func insert(
    header: Tenbin_ChunkHeader, payload: UnsafeRawBufferPointer, accept: (Int) throws(ChunkError) -> Void
  ) throws(ChunkError) -> (identifier: UInt64, transfer: Transfer)? {
    let identifier = header.transfer
    guard header.totalBytes <= UInt64(WireLimits.transfer) else { throw .tooLarge(bytes: header.totalBytes) }
    let total = Int(header.totalBytes)
    if header.offset == 0 {
      guard let subject = header.subject else { throw .withoutSubject }
      guard underWay[identifier] == nil else { throw .outOfOrder(transfer: identifier) }
      guard underWay.count < WireLimits.transfersUnderWay else { throw .tooMany }
      try accept(total)
      var transfer = Transfer(subject: subject, payload: [])
      // A transfer of one chunk needs no reserve. For a larger one it is only address space until the bytes come.
      if payload.count < total { transfer.payload.reserveCapacity(min(total, 1 << 30)) }
      underWay[identifier] = transfer
    }
    guard let received = underWay[identifier]?.payload.count, UInt64(received) == header.offset else {
      throw .outOfOrder(transfer: identifier)
    }
    // Every chunk but the last is full: small ones would cost the receiver more than the sender.
    guard payload.count == min(WireLimits.chunk, total - received) else {
      underWay[identifier] = nil
      throw .outOfOrder(transfer: identifier)
    }
    underWay[identifier]?.payload.append(contentsOf: payload)
    guard received + payload.count == total else { return nil }
    return underWay.removeValue(forKey: identifier).map { (identifier, $0) }
  }
}

/// A chunk that no honest peer sends.
package enum ChunkError: Error, Equatable, CustomStringConvertible {
  case tooLarge(bytes: UInt64)
  case tooMany
  case withoutSubject
  case outOfOrder(transfer: UInt64)
  case overBudget(bytes: Int, left: Int)
  case overWindow

  package var description: String {
    switch self {
    case .tooLarge(let bytes): "a transfer of \(bytes) bytes is larger than allowed"
    case .tooMany: "too many transfers are under way"
    case .withoutSubject: "a chunk does not say what it belongs to"
    case .outOfOrder(let transfer): "a chunk does not continue transfer \(transfer)"
    case .overBudget(let bytes, let left): "a transfer of \(bytes) bytes where \(left) are expected"
    case .overWindow: "more than \(WireLimits.window) bytes were sent without an acknowledgement"
    }
  }

  var reason: RefusalReason {
    switch self {
    case .overBudget: .overBudget
    case .overWindow: .overWindow
    case .tooLarge, .tooMany, .withoutSubject, .outOfOrder: .badChunk
    }
  }
}
