import Foundation
import Synchronization

/// A TCP relay on loopback that passes on so many bytes a second, one connection after another in each direction.
package final class SlowLink: Sendable {
  package let port: UInt16
  private let listener: Int32
  private let target: UInt16
  private let bytesPerSecond: Int
  private let isClosed = Atomic(false)

  /// - Returns: nil where the system refuses a socket.
  package init?(to endpoint: String, bytesPerSecond: Int) {
    guard let target = endpoint.split(separator: ":").last.flatMap({ UInt16($0) }) else { return nil }
    (self.target, self.bytesPerSecond) = (target, bytesPerSecond)
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = RawConnection.loopback(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port: UInt16? = withUnsafeMutablePointer(to: &address) { [listener] in
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard bind(listener, address, size) == 0, listen(listener, 8) == 0 else { return nil }
        return getsockname(listener, address, &size) == 0 ? 0 : nil
      }
    }
    guard port != nil else { return nil }
    self.port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in accept() }
  }

  package func close() {
    isClosed.store(true, ordering: .relaxed)
    shutdown(listener, Int32(SHUT_RDWR))
    Glibc.close(listener)
  }

  private func accept() {
    while !isClosed.load(ordering: .relaxed) {
      let inner = Glibc.accept(listener, nil, nil)
      guard inner >= 0 else { return }
      let outer = RawConnection.connect(toPort: target)
      Thread.detachNewThread { [self] in relay(from: inner, to: outer) }
      Thread.detachNewThread { [self] in relay(from: outer, to: inner) }
    }
  }

  /// Small buffers, so that what is slow here is slow for the sender too.
  private func relay(from source: Int32, to destination: Int32) {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while !isClosed.load(ordering: .relaxed) {
      let count = recv(source, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      Thread.sleep(forTimeInterval: Double(count) / Double(bytesPerSecond))
      var sent = 0
      while sent < count {
        let more = buffer[sent..<count].withUnsafeBytes {
          Glibc.send(destination, $0.baseAddress, $0.count, RawConnection.noSignal)
        }
        guard more > 0 else { break }
        sent += more
      }
      guard sent == count else { break }
    }
    shutdown(source, Int32(SHUT_RDWR))
    shutdown(destination, Int32(SHUT_RDWR))
  }
}
