/// Turns a client's failing handshakes into an error that says what to do.
struct HandshakeFailures {
  let address: Address
  private var count = 0

  init(address: Address) { self.address = address }

  /// - Throws: `WireError.notAuthenticated` at once where the key is refused, and after a few failures of other kinds: one
  ///   alone may be a coordinator that was just ending.
  mutating func hear(_ event: ConnectionMonitor.Event) throws(WireError) {
    switch event {
    case .disconnected: break
    case .keyRefused:
      throw .notAuthenticated(
        address.description, problem: "this key is not on the coordinator's list; add it there with: tenbin keys")
    case .handshakeFailed:
      count += 1
      guard count >= 5 else { return }
      throw .notAuthenticated(
        address.description,
        problem: "who listens there has not the key that this end expects, or no Tenbin coordinator listens there")
    }
  }
}

extension Duration {
  /// Rounded up, so that a wait for it does not end too early.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    return Int(clamping: seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000) + 1
  }
}
