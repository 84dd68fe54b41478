/// Finds added tokens in a text: at the leftmost place where one begins, the longest.
struct AddedTokenMatcher: Sendable {
  /// A part of a text: an added token, or text between them.
  enum Part: Equatable {
    case text(Range<Int>)
    case token(Int)
  }

  private struct Node {
    var children: [Unicode.Scalar: Int] = [:]
    var token: (id: Int, flags: AddedToken)?
  }

  private var nodes = [Node()]

  /// The first of equal contents holds.
  mutating func insert(_ content: [Unicode.Scalar], id: Int, flags: AddedToken) {
    guard !content.isEmpty else { return }
    var node = 0
    for scalar in content {
      if let child = nodes[node].children[scalar] {
        node = child
      } else {
        nodes.append(Node())
        nodes[node].children[scalar] = nodes.count - 1
        node = nodes.count - 1
      }
    }
    if nodes[node].token == nil { nodes[node].token = (id, flags) }
  }

  /// The parts of `text`, in order, which together are all of it; none of them is empty.
  func parts(of text: [Unicode.Scalar]) -> [Part] {
    guard !nodes[0].children.isEmpty else { return text.isEmpty ? [] : [.text(text.indices)] }
    var parts: [Part] = []
    var done = 0
    var position = 0
    while position < text.count {
      guard let match = longest(in: text, at: position) else {
        position += 1
        continue
      }
      var start = position
      var end = position + match.length
      position = end
      let flags = match.flags
      if flags.singleWord {
        let insideWord = start > 0 && text[start - 1].isWord || end < text.count && text[end].isWord
        if insideWord { continue }
      }
      if flags.leftStrip {
        while start > done, text[start - 1].properties.isWhitespace { start -= 1 }
      }
      if flags.rightStrip {
        while end < text.count, text[end].properties.isWhitespace { end += 1 }
      }
      if done < start { parts.append(.text(done..<start)) }
      parts.append(.token(match.id))
      done = end
    }
    if done < text.count { parts.append(.text(done..<text.count)) }
    return parts
  }

  private func longest(in text: [Unicode.Scalar], at start: Int) -> (id: Int, flags: AddedToken, length: Int)? {
    var found: (id: Int, flags: AddedToken, length: Int)?
    var node = 0
    for position in start..<text.count {
      guard let child = nodes[node].children[text[position]] else { break }
      node = child
      if let token = nodes[node].token { found = (token.id, token.flags, position - start + 1) }
    }
    return found
  }
}

extension Unicode.Scalar {
  /// The class `\w` of regular expressions (Unicode Technical Standard 18, annex C).
  fileprivate var isWord: Bool {
    if properties.isAlphabetic || properties.isJoinControl { return true }
    return switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: true
    default: false
    }
  }
}
