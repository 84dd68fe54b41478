internal import Foundation
internal import Synchronization

/// Answers libzmq's requests whether a key may connect (ZAP, RFC 27), on its own thread.
///
/// libzmq sends these requests to one address of a context, and a process has one context. So one authenticator serves
/// all coordinators of the process, and keeps their allow-lists apart by domain. Its thread runs while there are any.
final class Authenticator: Sendable {
  static let shared = Authenticator()
  private let lists = Mutex<[String: AllowList]>([:])
  private let running = Mutex(Running())

  private struct Running: Sendable {
    var thread: SocketThread<Never>?
    var domains = 0
    var nextDomain = 1
  }

  private struct AllowList: Sendable {
    let users: [[UInt8]: String]
    let refusals: RefusalCounter
  }

  /// Takes an allow-list and returns its domain, for server sockets that are bound after this.
  ///
  /// The order matters: without an authenticator libzmq accepts every key.
  func add(_ allowed: [AllowedKey], refusals: RefusalCounter) throws(WireError) -> String {
    try running.withLock { (running) throws(WireError) in
      if running.thread == nil {
        let reply = try ZeroMQSocket(.reply)
        _ = try reply.bind(AuthenticatorLoop.endpoint)
        // Handed to the thread once and used nowhere else from here on.
        nonisolated(unsafe) let socket = reply
        running.thread = SocketThread(name: "authenticator") { wakeUp in
          AuthenticatorLoop(reply: socket, wakeUp: wakeUp) { self.user(of: $1, in: $0) }
        }
      }
      let domain = "tenbin-\(running.nextDomain)"
      running.nextDomain += 1
      running.domains += 1
      let users = Dictionary(
        allowed.map { ($0.publicKey.bytes, User(role: $0.role, name: $0.name).description) }, uniquingKeysWith: { $1 })
      lists.withLock { $0[domain] = AllowList(users: users, refusals: refusals) }
      return domain
    }
  }

  func remove(_ domain: String) {
    running.withLock { running in
      guard lists.withLock({ $0.removeValue(forKey: domain) }) != nil else { return }
      running.domains -= 1
      guard running.domains == 0 else { return }
      running.thread?.close()
      running.thread = nil
    }
  }

  private func user(of key: [UInt8], in domain: String) -> String? {
    guard let list = lists.withLock({ $0[domain] }) else { return nil }
    if let user = list.users[key] { return user }
    list.refusals.count(.unlistedKey)
    return nil
  }
}

/// The holder of a key. Its text is the User-Id that libzmq adds to every frame of the connection.
struct User: Hashable, Sendable, CustomStringConvertible {
  let role: Role
  let name: String

  var description: String { "\(role.rawValue) \(name)" }

  init(role: Role, name: String) { (self.role, self.name) = (role, name) }

  init?(_ text: String) {
    let words = text.split(separator: " ", maxSplits: 1)
    guard words.count == 2, let role = Role(rawValue: String(words[0])) else { return nil }
    self.init(role: role, name: String(words[1]))
  }
}

private final class AuthenticatorLoop: SocketLoop {
  static let endpoint = "inproc://zeromq.zap.01"
  private let reply: ZeroMQSocket
  private var poller: Poller
  private let user: (_ domain: String, _ key: [UInt8]) -> String?

  init(reply: ZeroMQSocket, wakeUp: Int32, user: @escaping (_ domain: String, _ key: [UInt8]) -> String?) {
    (self.reply, self.user) = (reply, user)
    poller = Poller(sockets: [reply], wakeUp: wakeUp)
  }

  func handle(_ command: Never) {}

  func poll() {
    poller.wait(milliseconds: -1)
    while true {
      var answer: [[UInt8]] = []
      // After an error there is no answer, and the peer is not admitted.
      guard (try? reply.receive({ frames, _ in answer = self.answer(to: frames) })) == true else { return }
      _ = try? reply.send(answer)
    }
  }

  func close() {
    reply.unbind(Self.endpoint)
    reply.close(linger: 0)
  }

  /// The frames of a request are version, identifier, domain, address, routing identifier, mechanism and key.
  private func answer(to frames: [UnsafeRawBufferPointer]) -> [[UInt8]] {
    let identifier = frames.count > 1 ? Array(frames[1]) : []
    let version = Array("1.0".utf8)
    guard frames.count == 7, Array(frames[5]) == Array("CURVE".utf8),
      let user = user(String(decoding: frames[2], as: UTF8.self), Array(frames[6]))
    else { return [version, identifier, Array("400".utf8), Array("No access".utf8), [], []] }
    return [version, identifier, Array("200".utf8), Array("OK".utf8), Array(user.utf8), []]
  }
}
