/// How the text between added tokens is cut into the pieces that the model merges in.
struct PreTokenizer: Sendable {
  enum Step: Sendable {
    case metaspace(Metaspace)
    /// SentencePiece's own prefix: a space before the whole text, also where it begins with one.
    case dummyPrefix
    case split(SplitPattern)
    case byteLevel(addsPrefixSpace: Bool, pattern: SplitPattern?)
  }

  /// SentencePiece's way with spaces: each becomes a visible sign.
  struct Metaspace: Sendable {
    enum PrefixScheme: String, Sendable {
      case always, first, never
    }

    var replacement: Unicode.Scalar = "▁"
    var prefix = PrefixScheme.always
    /// Whether a piece ends before each sign.
    var splits = true
  }

  var steps: [Step] = []

  /// The pieces of `text`, none empty; `opening` says that nothing precedes it in the whole text.
  func pieces(of text: [Unicode.Scalar], opening: Bool) -> [[Unicode.Scalar]] {
    var pieces = text.isEmpty ? [] : [text]
    for step in steps {
      pieces = pieces.enumerated().flatMap { position, piece in
        apply(step, to: piece, opening: opening && position == 0)
      }
    }
    return pieces
  }

  private func apply(_ step: Step, to piece: [Unicode.Scalar], opening: Bool) -> [[Unicode.Scalar]] {
    switch step {
    case .metaspace(let metaspace): return metaspace.pieces(of: piece, opening: opening)
    case .dummyPrefix: return opening ? [[" "] + piece] : [piece]
    case .split(let pattern): return pattern.pieces(of: piece)
    case .byteLevel(let addsPrefixSpace, let pattern):
      let text = addsPrefixSpace && piece.first != " " ? [" "] + piece : piece
      let pieces = pattern?.pieces(of: text) ?? [text]
      return pieces.map { ByteAlphabet.scalars(for: String($0).utf8) }
    }
  }
}

extension PreTokenizer.Metaspace {
  fileprivate func pieces(of text: [Unicode.Scalar], opening: Bool) -> [[Unicode.Scalar]] {
    var signed = text.map { $0 == " " ? replacement : $0 }
    let prefixed = prefix == .always || prefix == .first && opening
    if prefixed, signed.first != replacement { signed.insert(replacement, at: 0) }
    guard splits else { return [signed] }
    var pieces: [[Unicode.Scalar]] = []
    for scalar in signed {
      if scalar == replacement || pieces.isEmpty {
        pieces.append([scalar])
      } else {
        pieces[pieces.count - 1].append(scalar)
      }
    }
    return pieces
  }
}
