internal import CZeroMQ

/// A Curve25519 public key; names the holder of its secret key.
package struct PublicKey: Hashable, Sendable, CustomStringConvertible {
  /// 32 bytes.
  package let bytes: [UInt8]

  /// The key of 40 characters of Z85 (ZeroMQ's text form of binary data, RFC 32); nil for any other text.
  package init?(_ text: String) {
    // libzmq writes four bytes for every five characters, however many there are.
    guard text.utf8.count == 40, !text.utf8.contains(0) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 32)
    guard zmq_z85_decode(&bytes, text) != nil else { return nil }
    self.bytes = bytes
  }

  /// The key of 32 bytes; nil for another number of them.
  package init?(bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  /// 40 characters of Z85.
  package var description: String {
    var text = [CChar](repeating: 0, count: 41)
    zmq_z85_encode(&text, bytes, bytes.count)
    return String(z85: text)
  }
}

/// A Curve25519 secret key with its public key.
package struct KeyPair: Hashable, Sendable {
  /// 40 characters of Z85; never printed.
  let secret: String
  package let publicKey: PublicKey

  /// A new pair, from the system's randomness.
  ///
  /// - Throws: `WireError.system` if libzmq was built without CURVE.
  package static func make() throws(WireError) -> KeyPair {
    var publicText = [CChar](repeating: 0, count: 41)
    var secretText = [CChar](repeating: 0, count: 41)
    guard zmq_curve_keypair(&publicText, &secretText) == 0, let publicKey = PublicKey(String(z85: publicText)) else {
      throw .system(operation: "zmq_curve_keypair", problem: "this libzmq has no CURVE; install Debian's libzmq5")
    }
    return KeyPair(secret: String(z85: secretText), publicKey: publicKey)
  }

  /// The pair of a secret key in its 40 characters of Z85, or nil if it is not a key.
  init?(secret: String) {
    var publicText = [CChar](repeating: 0, count: 41)
    // Secret and public keys have the same text form.
    guard PublicKey(secret) != nil, zmq_curve_public(&publicText, secret) == 0,
      let publicKey = PublicKey(String(z85: publicText))
    else { return nil }
    self.init(secret: secret, publicKey: publicKey)
  }

  private init(secret: String, publicKey: PublicKey) {
    (self.secret, self.publicKey) = (secret, publicKey)
  }
}

extension String {
  /// The text that libzmq wrote up to a zero byte.
  fileprivate init(z85 buffer: [CChar]) {
    self.init(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// The permissions of a key.
package enum Role: String, Sendable, CaseIterable {
  /// May take leases and nothing else.
  case worker
  /// May hold slices of parameters, add up gradients and apply updates, and nothing else.
  case reducer
  /// May request the status of an audit, scale, drain and stop it, and nothing else.
  case admin
}

/// A line of the allow-list.
package struct AllowedKey: Hashable, Sendable {
  package let role: Role
  package let name: String
  package let publicKey: PublicKey

  package init(role: Role, name: String, publicKey: PublicKey) {
    (self.role, self.name, self.publicKey) = (role, name, publicKey)
  }
}

/// The keys that a coordinator needs to listen beyond its own host: its secret key, and the keys that may connect.
package struct ServerSecurity: Sendable {
  package let keys: KeyPair
  package var allowed: [AllowedKey]

  /// - Parameter allowed: may be added to, for example with keys that only live as long as the audit's own workers.
  package init(keys: KeyPair, allowed: [AllowedKey]) {
    (self.keys, self.allowed) = (keys, allowed)
  }
}

/// The keys that a worker or a person needs to connect to a coordinator on another host: a secret key of their own, and
/// the coordinator's public key, by which the coordinator is recognized.
package struct ClientSecurity: Sendable {
  package let keys: KeyPair
  package let server: PublicKey

  package init(keys: KeyPair, server: PublicKey) {
    (self.keys, self.server) = (keys, server)
  }
}
