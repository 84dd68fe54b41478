internal import Foundation
internal import Hashing

/// Where the sockets of an audit lie when no address is given: a folder that only this user can enter, with a path short
/// enough for a socket's name.
enum RuntimeFolder {
  /// Makes the folder of the audit in `output`, or takes the one that a killed coordinator has left; the lock of the
  /// output folder keeps two coordinators from sharing it.
  static func make(forOutput output: String) throws(AuditError) -> String {
    let base = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? "/tmp"
    let whole = URL(filePath: output).standardizedFileURL.resolvingSymlinksInPath().path(percentEncoded: false)
    let folder = "\(base)/tenbin-\(getuid())-\(ContentHash(of: whole.utf8).description.prefix(12))"
    guard mkdir(folder, 0o700) != 0 else { return folder }
    guard errno == EEXIST else {
      throw AuditError(.failure, "\(folder): cannot be made: \(String(cString: strerror(errno)))")
    }
    var status = stat()
    guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == getuid(),
      status.st_mode & 0o077 == 0
    else {
      throw AuditError(
        .failure,
        "\(folder): expected a folder that only this user can enter; remove it, or name an address with --listen")
    }
    return folder
  }
}
