import Support

/// The tokens added to a model's vocabulary, with the rules of the Rust library `tokenizers` for what happens when a
/// token is added twice or has an id in the vocabulary already.
struct AddedVocabulary: Sendable {
  private(set) var identifiers: [[UInt8]: Int] = [:]
  /// The newest token of each id, whose flags hold.
  private(set) var tokens: [Int: AddedToken] = [:]
  private var largestID: Int?
  private var specials: [AddedToken] = []
  private var others: [AddedToken] = []
  private var specialContents: Set<[UInt8]> = []

  /// Adds `token`, with the id that `vocabulary` has for it, or else the next that is free.
  mutating func add(_ token: AddedToken, to vocabulary: [[UInt8]: Int]) {
    let content = Array(token.content.utf8)
    guard !content.isEmpty else { return }
    if token.special, specialContents.insert(content).inserted { specials.append(token) }
    if let id = identifiers[content], tokens[id] == token { return }
    let id = identifiers[content] ?? vocabulary[content] ?? nextID(after: vocabulary.count)
    identifiers[content] = id
    largestID = max(id, largestID ?? id)
    tokens[id] = token
    if !specialContents.contains(content) { others.append(token) }
  }

  private func nextID(after count: Int) -> Int {
    guard let largestID, largestID >= count else { return count }
    return largestID + 1
  }

  func isSpecial(_ content: [UInt8]) -> Bool { specialContents.contains(content) }

  /// What finds the tokens that are looked for before, or after, normalization.
  func matcher(normalized: Bool, by normalizer: Normalizer) -> AddedTokenMatcher {
    var matcher = AddedTokenMatcher()
    for token in specials + others where token.normalized == normalized {
      guard let id = identifiers[Array(token.content.utf8)], let flags = tokens[id] else { continue }
      let scalars = Array(token.content.unicodeScalars)
      matcher.insert(normalized ? normalizer.apply(to: scalars) : scalars, id: id, flags: flags)
    }
    return matcher
  }
}

/// A token that is looked for in the text before the model sees it.
struct AddedToken: Hashable, Sendable {
  var content: String
  /// Skipped in decoding where special tokens are.
  var special = false
  /// Not found inside a word.
  var singleWord = false
  /// Takes the white space before it with it.
  var leftStrip = false
  /// Takes the white space after it with it.
  var rightStrip = false
  /// Looked for in the normalized text.
  var normalized = true

  init(special content: String) {
    self.content = content
    special = true
    normalized = false
  }

  init(content: String, special: Bool, normalized: Bool) {
    self.content = content
    self.special = special
    self.normalized = normalized
  }

  /// Reads the fields of Python's `AddedToken` from an object; `special` overrules what the object says.
  init?(_ value: JSONValue, special overruled: Bool? = nil) {
    guard let content = value["content"]?.string else { return nil }
    self.content = content
    special = overruled ?? value["special"]?.bool ?? false
    singleWord = value["single_word"]?.bool ?? false
    leftStrip = value["lstrip"]?.bool ?? false
    rightStrip = value["rstrip"]?.bool ?? false
    normalized = value["normalized"]?.bool ?? !special
  }

  // Swift's strings are equal when canonically equivalent, which two tokens may be.
  static func == (left: AddedToken, right: AddedToken) -> Bool {
    left.content.utf8.elementsEqual(right.content.utf8) && left.special == right.special
      && left.singleWord == right.singleWord && left.leftStrip == right.leftStrip
      && left.rightStrip == right.rightStrip && left.normalized == right.normalized
  }
}

/// Finds added tokens in a text: at the leftmost position where one begins, the longest.
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
