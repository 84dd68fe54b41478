/// The limits on what a peer may send; bytes unless said otherwise.
package enum WireLimits {
  /// Bytes a control message.
  package static let control = 64 << 10
  /// Payload bytes a chunk.
  package static let chunk = 256 << 10
  /// Bytes a chunk header.
  package static let header = 4 << 10
  /// Bytes a transfer.
  package static let transfer = 8 << 30
  /// Transfers that one peer may have under way.
  static let transfersUnderWay = 64
  /// Bytes of chunk frames, headers and payloads, that may be on their way without having been acknowledged.
  package static let window = 8 << 20
  /// Consumed bytes that are acknowledged at once, so that a window needs four small frames.
  static let acknowledgement = window / 4
  /// Peers that are remembered before a coordinator has admitted them.
  package static let unknownPeers = 256
  /// Malformed frames after which a peer is refused and nothing of it is taken any more.
  package static let malformed = 16
  /// Messages a second that are taken from a peer that is not admitted, and from one that is.
  static let unknownPeerMessages = 256
  static let messages = 10_000
  /// Control messages that wait for one peer; a peer that is so far behind is as good as gone.
  static let waitingMessages: Int32 = 20_000
}
