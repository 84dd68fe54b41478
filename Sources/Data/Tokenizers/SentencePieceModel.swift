import CSentencePiece

/// What Tenbin needs to know of a `tokenizer.model`: a protobuf `ModelProto`
/// (https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto), of which the library shows its
/// users neither the model type nor the normalizer.
struct SentencePieceModel: Sendable {
  struct Piece: Sendable {
    var text: [UInt8] = []
    var kind = Kind.normal
  }

  /// `ModelProto.SentencePiece.Type`.
  enum Kind: UInt64, Sendable {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  private(set) var pieces: [Piece] = []
  private(set) var byteFallback = false
  private(set) var unknownPiece = "<unk>"
  private(set) var beginningPiece = "<s>"
  private(set) var endPiece = "</s>"
  private(set) var beginningID = 1
  private(set) var endID = 2
  private(set) var addsDummyPrefix = true
  private(set) var removesExtraWhitespace = true
  private var modelType: UInt64 = 1
  private var charactersMap = 0

  /// Reads `bytes`, which come from `file`. Throws if they are not a byte-pair-encoding model without normalization.
  init(_ bytes: [UInt8], file: String) throws(TokenizerError) {
    do {
      try read(bytes)
    } catch {
      throw TokenizerError(file: file, problem: .malformed(key: "", expected: "a SentencePiece model; \(error.reason)"))
    }
    guard modelType == 2 else {
      let found = [1: "UNIGRAM", 3: "WORD", 4: "CHAR"][modelType] ?? "\(modelType)"
      throw TokenizerError(
        file: file, problem: .unsupported(key: "trainer_spec.model_type", found: found, supported: "BPE"))
    }
    guard charactersMap == 0 else {
      throw TokenizerError(
        file: file,
        problem: .unsupported(
          key: "normalizer_spec.precompiled_charsmap", found: "a map of \(charactersMap) bytes",
          supported: "no map (the normalizer \"identity\"), as Llama-2 and Mistral have"))
    }
    try check(file)
  }

  /// What the rest relies on, checked before the library, whose own words for it name no piece.
  private func check(_ file: String) throws(TokenizerError) {
    func wrong(_ expected: String) -> TokenizerError {
      TokenizerError(file: file, problem: .malformed(key: "pieces", expected: expected))
    }
    if pieces.filter({ $0.kind == .unknown }).count != 1 { throw wrong("exactly one piece of the type UNKNOWN") }
    var seen = Set<[UInt8]>()
    for (id, piece) in pieces.enumerated() {
      if piece.text.isEmpty { throw wrong("no empty piece; piece \(id) is") }
      if piece.text.count > Self.longestPiece { throw wrong("pieces of at most \(Self.longestPiece) bytes") }
      if String(validating: piece.text, as: UTF8.self) == nil { throw wrong("UTF-8 in piece \(id)") }
      if !seen.insert(piece.text).inserted { throw wrong("every piece once; piece \(id) is repeated") }
    }
  }

  /// In bytes; every split of a piece is looked at, so its length must be bounded.
  private static let longestPiece = 1024

  private mutating func read(_ bytes: [UInt8]) throws(ProtobufError) {
    var fields = ProtobufReader(bytes[...])
    while let field = try fields.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let piece)): try pieces.append(Self.piece(piece))
      case (2, .bytes(let trainer)): try readTrainer(trainer)
      case (3, .bytes(let normalizer)): try readNormalizer(normalizer)
      default: break
      }
    }
  }

  private static func piece(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) -> Piece {
    var piece = Piece()
    var fields = ProtobufReader(bytes)
    while let field = try fields.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let text)): piece.text = Array(text)
      case (3, .number(let kind)): piece.kind = Kind(rawValue: kind) ?? .normal
      default: break
      }
    }
    return piece
  }

  private mutating func readTrainer(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) {
    var fields = ProtobufReader(bytes)
    while let field = try fields.next() {
      switch (field.number, field.value) {
      case (3, .number(let value)): modelType = value
      case (35, .number(let value)): byteFallback = value != 0
      case (41, .number(let value)): beginningID = Int(Int32(truncatingIfNeeded: value))
      case (42, .number(let value)): endID = Int(Int32(truncatingIfNeeded: value))
      case (45, .bytes(let value)): unknownPiece = String(decoding: value, as: UTF8.self)
      case (46, .bytes(let value)): beginningPiece = String(decoding: value, as: UTF8.self)
      case (47, .bytes(let value)): endPiece = String(decoding: value, as: UTF8.self)
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) {
    var fields = ProtobufReader(bytes)
    while let field = try fields.next() {
      switch (field.number, field.value) {
      case (2, .bytes(let map)): charactersMap = map.count
      case (3, .number(let value)): addsDummyPrefix = value != 0
      case (4, .number(let value)): removesExtraWhitespace = value != 0
      default: break
      }
    }
  }
}

/// Steps through the fields of one serialized protobuf message
/// (https://protobuf.dev/programming-guides/encoding/); the caller picks those it knows.
struct ProtobufReader {
  enum Value {
    /// A varint.
    case number(UInt64)
    /// A string, bytes or a message.
    case bytes(ArraySlice<UInt8>)
    /// Four or eight bytes, which no field that Tenbin reads has.
    case fixed
  }

  private var rest: ArraySlice<UInt8>

  init(_ message: ArraySlice<UInt8>) { rest = message }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(ProtobufError) -> (number: UInt64, value: Value)? {
    guard !rest.isEmpty else { return nil }
    let key = try varint()
    switch key & 7 {
    case 0: return (key >> 3, .number(try varint()))
    case 1:
      _ = try take(8)
      return (key >> 3, .fixed)
    case 2: return (key >> 3, .bytes(try take(try varint())))
    case 5:
      _ = try take(4)
      return (key >> 3, .fixed)
    default: throw ProtobufError(reason: "a field has the wire type \(key & 7), which protobuf does not use")
    }
  }

  private mutating func varint() throws(ProtobufError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = rest.popFirst() else { throw ProtobufError(reason: "the data ends inside a number") }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw ProtobufError(reason: "a number has more than 64 bits")
  }

  private mutating func take(_ count: UInt64) throws(ProtobufError) -> ArraySlice<UInt8> {
    guard count <= UInt64(rest.count) else { throw ProtobufError(reason: "the data ends inside a field") }
    let taken = rest.prefix(Int(count))
    rest = rest.dropFirst(Int(count))
    return taken
  }
}

/// Why some bytes are not a protobuf message.
struct ProtobufError: Error {
  let reason: String
}

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
