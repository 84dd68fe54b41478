/// Bytes that are too many for a control message, with what they are.
package struct Transfer: Sendable {
  package var subject: Tenbin_ChunkHeader.OneOf_Subject
  package var payload: [UInt8]

  package init(subject: Tenbin_ChunkHeader.OneOf_Subject, payload: [UInt8]) {
    self.subject = subject
    self.payload = payload
  }

  /// A transfer of numbers as raw little-endian Float32.
  package init(subject: Tenbin_ChunkHeader.OneOf_Subject, floats: [Float]) {
    self.subject = subject
    payload = floats.withUnsafeBytes { Array($0) }
  }

  /// The payload as Float32; nil when its length is no multiple of four.
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

/// The limits on what a peer may send.
package enum WireLimits {
  /// Bytes a control message.
  static let control = 64 << 10
  /// Payload bytes a chunk.
  static let chunk = 256 << 10
  /// Bytes a chunk header.
  static let header = 4 << 10
  /// Bytes a transfer.
  static let transfer = 8 << 30
  /// Transfers that one peer may have under way.
  static let transfersUnderWay = 64
}

/// Puts chunks together again; pure, one for each peer.
struct TransferAssembler {
  private var underWay: [UInt64: Transfer] = [:]

  /// Adds a chunk; returns the transfer when it is whole.
  ///
  /// - Throws: `ChunkError` for a chunk that does not continue its transfer.
  mutating func insert(
    header: Tenbin_ChunkHeader, payload: UnsafeRawBufferPointer
  ) throws(ChunkError) -> (identifier: UInt64, transfer: Transfer)? {
    let identifier = header.transfer
    guard header.totalBytes <= WireLimits.transfer else { throw .tooLarge(bytes: header.totalBytes) }
    guard let subject = header.subject else { throw .withoutSubject }
    if header.offset == 0 {
      guard underWay[identifier] == nil else { throw .outOfOrder(transfer: identifier) }
      guard underWay.count < WireLimits.transfersUnderWay else { throw .tooMany }
      underWay[identifier] = Transfer(subject: subject, payload: [])
    }
    // Memory grows with what has come, never with what is claimed.
    guard let received = underWay[identifier]?.payload.count, UInt64(received) == header.offset,
      UInt64(received) + UInt64(payload.count) <= header.totalBytes
    else { throw .outOfOrder(transfer: identifier) }
    if received == 0 { underWay[identifier]?.payload.reserveCapacity(min(Int(header.totalBytes), 64 << 20)) }
    underWay[identifier]?.payload.append(contentsOf: payload)
    guard UInt64(received + payload.count) == header.totalBytes else { return nil }
    return underWay.removeValue(forKey: identifier).map { (identifier, $0) }
  }
}

/// A chunk that no honest peer sends.
enum ChunkError: Error, Equatable, CustomStringConvertible {
  case tooLarge(bytes: UInt64)
  case tooMany
  case withoutSubject
  case outOfOrder(transfer: UInt64)

  var description: String {
    switch self {
    case .tooLarge(let bytes): "a transfer of \(bytes) bytes is larger than allowed"
    case .tooMany: "too many transfers are under way"
    case .withoutSubject: "a chunk does not say what it belongs to"
    case .outOfOrder(let transfer): "a chunk does not continue transfer \(transfer)"
    }
  }
}
