import Support

/// A coordinator's sockets; they belong to the thread that uses them.
final class CoordinatorSockets {
  let control: ZeroMQSocket
  let bulk: ZeroMQSocket
  let administration: ZeroMQSocket?
  let monitors: [ConnectionMonitor]
  let controlEndpoint: String
  let bulkEndpoint: String
  let hasKeys: Bool
  private let domain: String?
  private let locks: [FileLock]

  init(
    listeningAt address: Address, administration administrationAddress: Address?, security: ServerSecurity?,
    refusals: RefusalCounter
  ) throws(WireError) {
    try address.requireKeys(security != nil)
    hasKeys = security != nil
    locks = try Self.lock(address, administrationAddress)
    let domain: String? =
      if let security { try Authenticator.shared.add(security.allowed, refusals: refusals) } else { nil }
    do throws(WireError) {
      let keys = security.flatMap { security in domain.map { ZeroMQSocket.Keys.server(security.keys, domain: $0) } }
      control = try ZeroMQSocket(.router, keys: keys, waitingMessages: WireLimits.waitingMessages)
      bulk = try ZeroMQSocket(.router, keys: keys)
      monitors = [try ConnectionMonitor(control), try ConnectionMonitor(bulk)]
      controlEndpoint = try control.bind(address.endpoint, needsIPv6: address.needsIPv6)
      bulkEndpoint = try bulk.bind(address.bulkAddress, needsIPv6: address.needsIPv6)
      if let administrationAddress {
        let socket = try ZeroMQSocket(.router, waitingMessages: WireLimits.waitingMessages)
        _ = try socket.bind(administrationAddress.endpoint)
        administration = socket
      } else {
        administration = nil
      }
    } catch {
      if let domain { Authenticator.shared.remove(domain) }
      throw error
    }
    self.domain = domain
  }

  private static func lock(_ address: Address, _ administration: Address?) throws(WireError) -> [FileLock] {
    var locks: [FileLock] = []
    if let administration {
      try SocketFiles.requirePrivateFolder(of: administration)
      if let lock = try SocketFiles.lock(administration) { locks.append(lock) }
    }
    if let lock = try SocketFiles.lock(address) { locks.append(lock) }
    return locks
  }

  /// Closes all sockets; queued control messages may still leave for a second.
  func close() {
    for monitor in monitors { monitor.close() }
    control.close(linger: 1_000)
    administration?.close(linger: 1_000)
    bulk.close(linger: 0)
    if let domain { Authenticator.shared.remove(domain) }
    for lock in locks { lock.release() }
  }
}
