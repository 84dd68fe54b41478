/// How tokens become text again.
struct TokenDecoder: Sendable {
  enum Step: Sendable {
    case replace(String, with: String)
    /// Runs of byte tokens become their text; every byte of a run that is no UTF-8 becomes U+FFFD.
    case byteFallback
    case fuse
    /// Up to so many of a character go from the start, and the end, of each token.
    case strip(Unicode.Scalar, start: Int, end: Int)
    case byteLevel
    case metaspace(replacement: Unicode.Scalar, dropsPrefix: Bool)
  }

  /// Without steps tokens are written with spaces between them.
  var steps: [Step]?

  func text(of tokens: [String]) -> String {
    guard let steps else { return tokens.joined(separator: " ") }
    return steps.reduce(tokens) { apply($1, to: $0) }.joined()
  }

  private func apply(_ step: Step, to tokens: [String]) -> [String] {
    switch step {
    case .replace(let pattern, let replacement):
      let pattern = Array(pattern.unicodeScalars)
      let replacement = Array(replacement.unicodeScalars)
      return tokens.map { String(Array($0.unicodeScalars).replacing(pattern, with: replacement)) }
    case .byteFallback: return joiningBytes(tokens)
    case .fuse: return [tokens.joined()]
    case .strip(let scalar, let start, let end):
      return tokens.map { token in
        var scalars = Array(token.unicodeScalars)[...]
        scalars.removeFirst(scalars.prefix(start).prefix { $0 == scalar }.count)
        scalars.removeLast(scalars.suffix(end).reversed().prefix { $0 == scalar }.count)
        return String(scalars)
      }
    case .byteLevel:
      let bytes = tokens.flatMap { ByteAlphabet.bytes(for: $0) ?? Array($0.utf8) }
      return [String(decoding: bytes, as: UTF8.self)]
    case .metaspace(let replacement, let dropsPrefix):
      return tokens.enumerated().map { position, token in
        String(
          token.unicodeScalars.compactMap { scalar in
            guard scalar == replacement else { return scalar }
            return position == 0 && dropsPrefix ? nil : " "
          })
      }
    }
  }

  private func joiningBytes(_ tokens: [String]) -> [String] {
    var joined: [String] = []
    var bytes: [UInt8] = []
    func finishBytes() {
      if let text = String(validating: bytes, as: UTF8.self) {
        if !bytes.isEmpty { joined.append(text) }
      } else {
        joined += Array(repeating: "\u{FFFD}", count: bytes.count)
      }
      bytes = []
    }
    for token in tokens {
      if let byte = ByteToken.byte(of: token) {
        bytes.append(byte)
      } else {
        finishBytes()
        joined.append(token)
      }
    }
    finishBytes()
    return joined
  }
}
