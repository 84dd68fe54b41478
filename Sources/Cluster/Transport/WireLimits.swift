/// The limits on what a peer may send, in bytes unless stated otherwise.
package enum WireLimits {
  /// A control message.
  package static let control = 64 << 10
  /// The payload of a chunk.
  package static let chunk = 256 << 10
  /// A chunk header.
  package static let header = 4 << 10
  /// A transfer.
  package static let transfer = 8 << 30
  /// Incomplete transfers of one peer.
  static let transfersUnderWay = 64
  /// Unacknowledged bytes of chunk headers and payloads.
  package static let window = 8 << 20
  /// Bytes that one acknowledgement covers, so that a window needs four small frames.
  static let acknowledgement = window / 4
  /// Peers in the table that are not admitted.
  package static let unknownPeers = 256
  /// Malformed frames after which a peer is refused.
  package static let malformed = 16
  /// Messages a second that are accepted from a peer that is not admitted, and from one that is.
  static let unknownPeerMessages = 256
  static let messages = 10_000
  /// Control messages that wait for one peer; a peer that is further behind is dropped.
  static let waitingMessages: Int32 = 20_000
}
