internal import Foundation

/// Why something could not be done on this machine, as the system words it.
struct ProbeFailure: Error {
  let description: String

  init(_ description: String) { self.description = description }

  /// The system's reason for what has just failed.
  init(system operation: String) { description = "\(operation): \(String(cString: strerror(errno)))" }
}

/// Examines folders by creating files in them, which are removed at once.
package enum FolderProbe {
  /// What can be said of the folder for `purpose` at `path`, or of the nearest one above it that exists.
  static func folder(for purpose: String, at path: String, remedy: String) -> MachineFindings.Folder {
    let existing = nearestExisting(path)
    let made = withFile(in: existing) { _ in }
    var problem: String?
    if case .failure(let failure) = made { problem = failure.description }
    return MachineFindings.Folder(
      purpose: purpose, path: path, freeBytes: space(at: existing)?.free, problem: problem, remedy: remedy)
  }

  /// Room on a file system.
  package struct Space: Sendable {
    /// Bytes that this user can still write.
    package let free: Int
    package let total: Int
    /// Equal for folders that share their room.
    package let fileSystem: UInt
  }

  /// The room at `path`, or at the nearest folder above it that exists; nil if the system does not tell.
  package static func space(at path: String) -> Space? {
    let existing = nearestExisting(path)
    var (room, folder) = (statvfs(), stat())
    guard statvfs(existing, &room) == 0, stat(existing, &folder) == 0 else { return nil }
    let block = Int(clamping: room.f_frsize)
    return Space(
      free: Int(clamping: room.f_bavail) * block, total: Int(clamping: room.f_blocks) * block,
      fileSystem: UInt(folder.st_dev))
  }

  /// `/dev/shm` as workers and coordinator use it: a file, filled, mapped and written to.
  static func sharedMemory(at path: String) -> MachineFindings.SharedMemory {
    let bytes = 1 << 20
    let used = withFile(in: path) { descriptor -> ProbeFailure? in
      let status = posix_fallocate(descriptor, 0, off_t(bytes))
      guard status == 0 else { return ProbeFailure("reserve 1 MiB: \(String(cString: strerror(status)))") }
      guard let map = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), map != MAP_FAILED else {
        return ProbeFailure(system: "map a file")
      }
      map.storeBytes(of: 1, as: UInt8.self)
      munmap(map, bytes)
      return nil
    }
    let problem =
      switch used {
      case .failure(let failure): failure.description
      case .success(let failure): failure?.description
      }
    let space = space(at: path)
    return MachineFindings.SharedMemory(
      path: path, totalBytes: space?.total, freeBytes: space?.free, problem: problem)
  }

  /// Runs `body` with a new file in `folder` that has no name any more.
  static func withFile<Value>(in folder: String, _ body: (Int32) -> Value) -> Result<Value, ProbeFailure> {
    let path = "\(folder)/.tenbin-doctor-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return .failure(ProbeFailure(system: "make a file")) }
    unlink(path)
    defer { close(descriptor) }
    var byte: UInt8 = 0
    guard write(descriptor, &byte, 1) == 1 else { return .failure(ProbeFailure(system: "write to a file")) }
    return .success(body(descriptor))
  }

  /// `path`, or the nearest folder above it that exists.
  static func nearestExisting(_ path: String) -> String {
    var url = URL(filePath: path).standardizedFileURL
    var isFolder: ObjCBool = false
    while !FileManager.default.fileExists(atPath: url.path(percentEncoded: false), isDirectory: &isFolder),
      url.path(percentEncoded: false) != "/"
    {
      url = url.deletingLastPathComponent()
    }
    return url.path(percentEncoded: false)
  }
}
