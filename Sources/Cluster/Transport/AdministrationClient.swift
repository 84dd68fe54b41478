internal import Foundation
internal import SwiftProtobuf

/// Sends requests to a running coordinator from a shell. Blocks the calling thread.
package struct AdministrationClient: Sendable {
  private let address: Address
  private let security: ClientSecurity?

  /// - Parameters:
  ///   - address: a coordinator's administration socket or, with an admin's key, the address that its workers connect
  ///     to.
  package init(address: Address, security: ClientSecurity? = nil) {
    (self.address, self.security) = (address, security)
  }

  /// - Parameter timeout: seconds to wait for the reply.
  /// - Throws: `WireError.noAnswer` if no answer comes in time, `.notAuthenticated` if the key is not accepted.
  package func ask(
    _ body: Tenbin_AdministrationRequest.OneOf_Body, timeout: Double
  ) throws(WireError) -> Tenbin_AdministrationReply {
    try address.requireKeys(security != nil)
    if case .ipc(let path) = address.transport, !FileManager.default.fileExists(atPath: path) {
      throw .noAnswer(address.description, seconds: 0)
    }
    let identifier = withUnsafeBytes(of: UUID().uuid) { Array($0) }
    let socket = try ZeroMQSocket(
      .dealer(routingIdentifier: identifier), keys: security.map { ZeroMQSocket.Keys.client($0) })
    let monitor = try ConnectionMonitor(socket)
    defer {
      monitor.close()
      socket.close(linger: 0)
    }
    try socket.connect(address.endpoint, needsIPv6: address.needsIPv6)
    var request = Tenbin_AdministrationRequest()
    request.protocol = CoordinatorEndpoint.protocolVersion
    request.body = body
    let frames = [AdministrationFrames.marker, request.encoded]
    var handshakes = HandshakeFailures(address: address)
    var poller = Poller(sockets: [socket, monitor.socket], wakeUp: -1)
    let deadline = ContinuousClock.now + .seconds(timeout)
    var isSent = false
    while true {
      if !isSent { isSent = try socket.send(frames) == .sent }
      var reply: Tenbin_AdministrationReply?
      while reply == nil, try socket.receive({ frames, _ in reply = Self.reply(in: frames) }) {}
      if let reply { return reply }
      while let event = try monitor.next() { try handshakes.hear(event) }
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero else { throw .noAnswer(address.description, seconds: timeout) }
      poller.wake(whenWritable: 0, !isSent)
      poller.wait(milliseconds: left.milliseconds)
    }
  }

  private static func reply(in frames: [UnsafeRawBufferPointer]) -> Tenbin_AdministrationReply? {
    guard frames.count == 2, AdministrationFrames.isMarker(frames[0]) else { return nil }
    return try? Tenbin_AdministrationReply(serializedBytes: Array(frames[1]))
  }
}

/// How administration shares a socket with workers: a marker frame in front of the request and of the reply.
enum AdministrationFrames {
  static let marker = Array("administration".utf8)

  static func isMarker(_ frame: UnsafeRawBufferPointer) -> Bool { frame.elementsEqual(marker) }
}
