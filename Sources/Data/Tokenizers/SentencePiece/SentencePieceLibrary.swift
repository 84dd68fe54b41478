import CSentencePiece

/// A SentencePiece model in the library that Llama-2 and Mistral were made with; the only user of that library.
/// Unchecked: the C++ object is never changed after it was loaded, and encoding with it is const.
final class SentencePieceLibrary: @unchecked Sendable {
  private let model: OpaquePointer
  private let file: String

  /// Loads the serialized model `bytes`; `file` is named in errors.
  init(_ bytes: [UInt8], file: String) throws(TokenizerError) {
    var loaded: OpaquePointer?
    let status = bytes.withUnsafeBufferPointer { csentencepiece_model_load($0.baseAddress, $0.count, &loaded) }
    guard status == 0, let loaded else {
      throw TokenizerError(file: file, problem: .sentencePiece(reason: String(cString: csentencepiece_last_error())))
    }
    model = loaded
    self.file = file
  }

  deinit { csentencepiece_model_free(model) }

  /// The piece ids of `text`, UTF-8 to which no prefix is added.
  func encode(_ text: [UInt8]) throws(TokenizerError) -> [Int] {
    var ids: UnsafeMutablePointer<Int32>?
    var count = 0
    let status = text.withUnsafeBufferPointer { csentencepiece_encode(model, $0.baseAddress, $0.count, &ids, &count) }
    guard status == 0 else {
      throw TokenizerError(file: file, problem: .sentencePiece(reason: String(cString: csentencepiece_last_error())))
    }
    guard let ids else { return [] }
    defer { csentencepiece_ids_free(ids) }
    return UnsafeBufferPointer(start: ids, count: count).map { Int($0) }
  }
}
