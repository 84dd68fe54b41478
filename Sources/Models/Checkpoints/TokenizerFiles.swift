import Foundation

/// The files of a checkpoint folder that say how text goes in and comes out.
package enum TokenizerFiles {
  package static let names = [
    "tokenizer.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "chat_template.jinja", "generation_config.json",
  ]

  /// The tokenizer files in `folder`.
  static func present(in folder: String) -> [String] {
    names.filter { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
  }

  /// Copies those that `source` holds. Throws `CheckpointError`.
  static func copy(from source: String, to target: String) throws(CheckpointError) {
    for name in present(in: source) {
      do {
        try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: "\(target)/\(name)")
      } catch {
        throw CheckpointError(
          file: "\(source)/\(name)", problem: .system(step: "copy the file", reason: error.localizedDescription))
      }
    }
  }
}
