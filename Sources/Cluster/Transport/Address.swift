internal import Foundation
internal import Support

/// The address of a coordinator: `ipc:///path` or `tcp://host:port`.
///
/// Addresses of this host (ipc and loopback) need no keys. Any other address is neither bound nor connected without
/// them.
package struct Address: Hashable, Sendable, CustomStringConvertible {
  package let description: String
  package let transport: Transport

  package enum Transport: Hashable, Sendable {
    case ipc(path: String)
    /// `host` is `*` for every interface of this host, `port` is `*` for a port that the system chooses.
    case tcp(host: String, port: String)
  }

  /// - Throws: `WireError.address` for anything but ipc with an absolute path, or tcp with a host and a port.
  package init(_ text: String) throws(WireError) {
    description = text
    if text.hasPrefix("ipc://") {
      transport = try Self.ipc(String(text.dropFirst("ipc://".count)), text: text)
    } else if text.hasPrefix("tcp://") {
      transport = try Self.tcp(String(text.dropFirst("tcp://".count)), text: text)
    } else {
      throw .address(text, problem: "expected ipc:///PATH or tcp://HOST:PORT")
    }
  }

  init(host: String, port: String) {
    description = "tcp://\(host):\(port)"
    transport = .tcp(host: host, port: port)
  }

  private static func ipc(_ path: String, text: String) throws(WireError) -> Transport {
    guard path.hasPrefix("/") else { throw .address(text, problem: "expected ipc:// and an absolute path") }
    guard path.utf8.count <= 103 else {
      throw .address(text, problem: "the path is longer than the 103 bytes that a socket's name can hold")
    }
    return .ipc(path: path)
  }

  private static func tcp(_ rest: String, text: String) throws(WireError) -> Transport {
    guard let colon = rest.lastIndex(of: ":") else { throw .address(text, problem: "expected tcp://HOST:PORT") }
    let host = String(rest[..<colon])
    let port = String(rest[rest.index(after: colon)...])
    guard port == "*" || (UInt16(port) != nil && port.allSatisfy(\.isNumber)) else {
      throw .address(text, problem: "expected a port from 0 to 65535, found \"\(port)\"")
    }
    if ["*", "0.0.0.0"].contains(host) { return .tcp(host: "*", port: port) }
    if host == "localhost" { return .tcp(host: "127.0.0.1", port: port) }
    let isNumericV6 = host.wholeMatch(of: /\[[0-9a-fA-F:.]{2,45}(%[A-Za-z0-9]{1,15})?\]/) != nil
    let isNameOrV4 = host.wholeMatch(of: /[A-Za-z0-9]([A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?/) != nil
    guard isNumericV6 || isNameOrV4 else {
      throw .address(text, problem: "\"\(host)\" is not a host name, IPv4 address, IPv6 address in brackets, or *")
    }
    return .tcp(host: host, port: port)
  }
}

extension Address {
  /// Whether the other end must be on this host.
  package var isOnThisHost: Bool {
    switch transport {
    case .ipc: true
    case .tcp("[::1]", _): true
    case .tcp(let host, _): host.wholeMatch(of: /127(\.[0-9]{1,3}){3}/) != nil
    }
  }

  /// Whether it means every interface of the listening host. Such an address cannot be connected to.
  package var isWildcard: Bool {
    guard case .tcp(let host, _) = transport else { return false }
    return ["*", "[::]"].contains(host)
  }

  /// This address, with the host of `other` where this one is a wildcard: the name that reached the control socket also
  /// reaches the bulk socket.
  package func reached(like other: Address) -> Address {
    guard isWildcard, case .tcp(_, let port) = transport, case .tcp(let host, _) = other.transport else { return self }
    return Address(host: host, port: port)
  }

  /// The endpoint for libzmq.
  var endpoint: String {
    switch transport {
    case .ipc(let path): "ipc://\(path)"
    case .tcp(let host, let port): "tcp://\(host):\(port)"
    }
  }

  var needsIPv6: Bool {
    guard case .tcp(let host, _) = transport else { return false }
    return host.hasPrefix("[")
  }

  /// The address of the bulk socket, for a coordinator whose control socket listens here.
  ///
  /// Beyond this host it is the next port, if a port was given, so that a firewall can open both.
  var bulkAddress: String {
    switch transport {
    case .ipc(let path): return "ipc://\(path)-b"
    case .tcp(let host, let port):
      guard !isOnThisHost, let number = UInt16(port), number > 0, number < .max else { return "tcp://\(host):*" }
      return "tcp://\(host):\(number + 1)"
    }
  }

  /// - Throws: `WireError.withoutKeys` if the other end may be on another host and there are no keys.
  func requireKeys(_ hasKeys: Bool) throws(WireError) {
    guard hasKeys || isOnThisHost else { throw .withoutKeys(description) }
  }
}

/// The files of ipc sockets, which only their owner may reach.
enum SocketFiles {
  /// Makes the folder of an administration socket if it is missing.
  ///
  /// - Throws: `WireError.address` if the address is not ipc, or the folder is open to other users.
  static func requirePrivateFolder(of address: Address) throws(WireError) {
    guard case .ipc(let path) = address.transport else {
      throw .address(address.description, problem: "administration without keys listens at an ipc address only")
    }
    let folder = (path as NSString).deletingLastPathComponent
    if mkdir(folder, 0o700) != 0, errno != EEXIST {
      throw .address(address.description, problem: "its folder cannot be made: \(String(cString: strerror(errno)))")
    }
    var status = stat()
    guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw .address(address.description, problem: "\(folder) is not a folder")
    }
    guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
      throw .address(
        address.description, problem: "\(folder) is open to others; forbid that with: chmod 700 \(folder)")
    }
  }

  /// Locks an ipc path. libzmq does not: it would silently take over a path that is in use.
  ///
  /// - Returns: nil for tcp, where the system refuses a port that is in use.
  static func lock(_ address: Address) throws(WireError) -> FileLock? {
    guard case .ipc(let path) = address.transport else { return nil }
    do throws(FileError) {
      if let lock = try FileLock(ifFree: path + ".lock") { return lock }
    } catch {
      throw .system(operation: "making the lock \(error.file)", problem: error.reason)
    }
    throw .addressInUse(address.endpoint)
  }
}
