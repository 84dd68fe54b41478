import Datasets
import Specification
import Support

extension PolicyFile {
  /// Reads a policy from a YAML file.
  init(file: String) throws {
    try self.init(yaml: String(decoding: FileBytes.read(file), as: UTF8.self), file: file)
  }
}
