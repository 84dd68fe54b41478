import Foundation

// A checkpoint's limits and special tokens.
extension CheckpointFolder {
  /// The most tokens that the model was made for.
  package func maximumTokens() throws(CheckpointError) -> Int { try textConfiguration().maximumPositions }

  /// Tokens that the model knows.
  package func vocabularySize() throws(CheckpointError) -> Int { try textConfiguration().vocabularySize }

  /// The padding token: the checkpoint's own, which its classifier knows, otherwise `token`, otherwise any.
  package func paddingToken(else token: Int?) throws(CheckpointError) -> Int {
    try textConfiguration().paddingToken ?? token ?? 0
  }

  /// The tokens that end a text: from generation_config.json, where chat models keep them, otherwise from config.json.
  package func endTokens() throws -> Set<Int> {
    let file = "\(path)/generation_config.json"
    if FileManager.default.fileExists(atPath: file) {
      let data = try Data(contentsOf: URL(fileURLWithPath: file))
      guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
        throw CheckpointError(file: file, problem: .malformed(key: "", expected: "a JSON object"))
      }
      if let tokens = object["eos_token_id"] as? [Int] { return Set(tokens) }
      if let token = object["eos_token_id"] as? Int { return [token] }
    }
    return Set(try textConfiguration().endTokens)
  }

  private func textConfiguration() throws(CheckpointError) -> LlamaConfiguration {
    guard case .llama(let configuration) = configuration else {
      throw CheckpointError(
        file: path,
        problem: .unsupported(
          key: "model_type", found: configuration.architecture.modelType, supported: "llama or mistral, which read text"
        ))
    }
    return configuration
  }
}
