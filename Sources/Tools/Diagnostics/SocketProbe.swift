internal import Foundation

/// Tries connections within this machine: a listener, one that connects, one byte.
enum SocketProbe {
  /// Why no connection over 127.0.0.1 comes about; nil if one does.
  static var loopbackProblem: String? {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        problem(family: AF_INET, address: $0, length: socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// The folder for sockets below `base`, looked at by making one there; a folder as an audit makes it, gone at once.
  static func runtimeFolder(base: String) -> MachineFindings.RuntimeFolder {
    // As Coordinator's RuntimeFolder names it, and the longer of its two sockets.
    let audit = "\(base)/tenbin-\(getuid())-0123456789ab/control-b"
    let folder = "\(base)/tenbin-\(getuid())-\(UInt32.random(in: 0 ... .max))"
    var findings = MachineFindings.RuntimeFolder(path: base, socketPathLength: audit.utf8.count)
    guard mkdir(folder, 0o700) == 0 else {
      findings.problem = ProbeFailure(system: "make a folder").description
      return findings
    }
    defer { rmdir(folder) }
    let path = "\(folder)/control"
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    guard path.utf8.count < capacity else { return findings }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    defer { unlink(path) }
    findings.problem = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        problem(family: AF_UNIX, address: $0, length: socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    return findings
  }

  private static func problem(family: Int32, address: UnsafePointer<sockaddr>, length: socklen_t) -> String? {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let (listener, client) = (socket(family, kind, 0), socket(family, kind, 0))
    defer { for descriptor in [listener, client] where descriptor >= 0 { close(descriptor) } }
    guard listener >= 0, client >= 0 else { return ProbeFailure(system: "open a socket").description }
    guard bind(listener, address, length) == 0 else { return ProbeFailure(system: "bind").description }
    guard listen(listener, 1) == 0 else { return ProbeFailure(system: "listen").description }
    // The system has chosen the port.
    var bound = sockaddr_storage()
    var boundLength = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let connected = withUnsafeMutablePointer(to: &bound) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { own -> Bool in
        getsockname(listener, own, &boundLength) == 0 && connect(client, own, boundLength) == 0
      }
    }
    guard connected else { return ProbeFailure(system: "connect").description }
    let server = accept(listener, nil, nil)
    guard server >= 0 else { return ProbeFailure(system: "accept").description }
    defer { close(server) }
    var byte: UInt8 = 1
    guard send(client, &byte, 1, 0) == 1, recv(server, &byte, 1, 0) == 1 else {
      return ProbeFailure(system: "send a byte").description
    }
    return nil
  }
}
