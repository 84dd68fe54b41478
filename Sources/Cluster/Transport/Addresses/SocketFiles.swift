internal import Foundation
internal import Support

/// Where sockets of the file system lie: nobody but their owner may come to them.
enum SocketFiles {
  /// Makes the folder of an administration socket where there is none.
  ///
  /// - Throws: `WireError.address` where the address is no ipc, or others can look into the folder.
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
      throw .address(address.description, problem: "\(folder) is no folder")
    }
    guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
      throw .address(
        address.description, problem: "\(folder) is open to others; forbid that with: chmod 700 \(folder)")
    }
  }

  /// Holds what libzmq does not: binding an ipc path that is in use would steal it silently.
  ///
  /// - Returns: nil for tcp, where the system keeps addresses apart.
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
