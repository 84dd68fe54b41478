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
