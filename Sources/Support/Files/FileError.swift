internal import Foundation

/// An operation on a file or folder that the system refused.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The path of the file or folder.
  package let file: String
  package let step: Step
  /// The system's reason, as in "No space left on device".
  package let reason: String

  /// The attempted operation.
  package enum Step: String, Hashable, Sendable {
    case open = "open the file"
    case examine = "examine the file"
    case read = "read the file"
    case create = "create the file"
    case write = "write the file"
    case flush = "flush the file to the disk"
    case rename = "give the file its name"
    case lock = "lock the file"
    case map = "map the file into memory"
    case makeFolder = "make the folder"
    case flushFolder = "flush the folder to the disk"
    case replaceFolder = "replace the folder"
  }

  package var description: String { "\(file): cannot \(step.rawValue): \(reason)" }

  package init(file: String, step: Step, reason: String) {
    self.file = file
    self.step = step
    self.reason = reason
  }

  /// The failure of the system call that was just made.
  init(file: String, step: Step) {
    self.init(file: file, step: step, reason: String(cString: strerror(errno)))
  }

  /// Throws unless the system can take `path`: to C, a zero byte is the end of it.
  static func requireUsable(_ path: String, step: Step) throws(FileError) {
    guard !path.utf8.contains(0) else {
      throw FileError(file: path, step: step, reason: "a path cannot hold a zero byte")
    }
  }
}
