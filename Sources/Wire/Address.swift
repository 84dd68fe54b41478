/// Where a coordinator listens: `ipc:///path` or `tcp://host:port` on this host.
package struct Address: Hashable, Sendable, CustomStringConvertible {
  package let description: String
  package let transport: Transport

  package enum Transport: Hashable, Sendable {
    case ipc(path: String)
    /// `port` is `*` where the system is to choose one.
    case tcp(host: String, port: String)
  }

  /// - Throws: `WireError.address` for anything else than ipc and tcp on loopback.
  package init(_ text: String) throws(WireError) {
    description = text
    if text.hasPrefix("ipc://") {
      let path = String(text.dropFirst("ipc://".count))
      guard path.hasPrefix("/") else { throw .address(text, problem: "expected ipc:// and an absolute path") }
      guard path.utf8.count <= 103 else {
        throw .address(text, problem: "the path is longer than the 103 bytes that a socket's name can hold")
      }
      transport = .ipc(path: path)
    } else if text.hasPrefix("tcp://") {
      let rest = text.dropFirst("tcp://".count)
      guard let colon = rest.lastIndex(of: ":") else { throw .address(text, problem: "expected tcp://HOST:PORT") }
      let host = String(rest[..<colon])
      let port = String(rest[rest.index(after: colon)...])
      guard port == "*" || UInt16(port) != nil else {
        throw .address(text, problem: "expected a port from 0 to 65535, found \"\(port)\"")
      }
      guard ["localhost", "[::1]"].contains(host) || host.wholeMatch(of: /127(\.[0-9]{1,3}){3}/) != nil else {
        throw .address(
          text, problem: "only loopback (127.0.0.1) is allowed: nothing listens beyond this host without keys")
      }
      transport = .tcp(host: host == "localhost" ? "127.0.0.1" : host, port: port)
    } else {
      throw .address(text, problem: "expected ipc:///PATH or tcp://HOST:PORT")
    }
  }

  /// What libzmq is told to bind or connect to.
  var endpoint: String {
    switch transport {
    case .ipc(let path): "ipc://\(path)"
    case .tcp(let host, let port): "tcp://\(host):\(port)"
    }
  }

  /// Where the bulk socket of a coordinator that listens here is bound.
  var bulkEndpoint: String {
    switch transport {
    case .ipc(let path): "ipc://\(path)-b"
    case .tcp(let host, _): "tcp://\(host):*"
    }
  }
}
