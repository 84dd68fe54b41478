/// Bytes that are too many for a control message, with what they are.
package struct Transfer: Sendable {
  package var subject: Tenbin_ChunkHeader.OneOf_Subject
  package var payload: [UInt8]
  /// What is let go of when the transfer has left, or was dropped with its peer.
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
