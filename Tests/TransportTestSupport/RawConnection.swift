import Foundation

/// A TCP connection that speaks nothing that libzmq knows.
package enum RawConnection {
  static let noSignal = Int32(MSG_NOSIGNAL)

  /// Connects to `tcp://127.0.0.1:PORT`, sends the bytes and hangs up; does nothing for other endpoints.
  package static func send(_ bytes: [UInt8], to endpoint: String) {
    guard endpoint.hasPrefix("tcp://127.0.0.1:"), let port = endpoint.split(separator: ":").last.flatMap({ UInt16($0) })
    else { return }
    let descriptor = connect(toPort: port)
    guard descriptor >= 0 else { return }
    _ = Glibc.send(descriptor, bytes, bytes.count, noSignal)
    close(descriptor)
  }

  /// A descriptor, or -1 where nobody listens.
  package static func connect(toPort port: UInt16) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = loopback(port)
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else {
      close(descriptor)
      return -1
    }
    return descriptor
  }

  static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }
}
