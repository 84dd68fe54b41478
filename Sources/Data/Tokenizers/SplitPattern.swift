/// The regular expressions with which byte-level models cut text, as a scanner written by hand: Swift's `Regex` takes
/// a hundred times as long, and its classes follow other rules.
struct SplitPattern: Sendable {
  /// GPT-2's and Llama-3's expressions differ in more than a number.
  private enum Family: Sendable {
    case gpt2
    /// With at most this many digits in a piece.
    case llama3(digits: Int)
  }

  private let family: Family

  static let gpt2 = SplitPattern(family: .gpt2)
  static let llama3 = SplitPattern(family: .llama3(digits: 3))
  static let qwen2 = SplitPattern(family: .llama3(digits: 1))

  /// The expressions as they are written in `tokenizer.json`.
  static let known: [(expression: String, pattern: SplitPattern)] = [
    (#"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#, gpt2),
    (
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
      llama3
    ),
    (
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
      qwen2
    ),
  ]

  private enum Class {
    case letter, number, space, newline, other
  }

  private static func classify(_ scalar: Unicode.Scalar) -> Class {
    if scalar == "\n" || scalar == "\r" { return .newline }
    if scalar.properties.isWhitespace { return .space }
    return switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: .letter
    case .decimalNumber, .letterNumber, .otherNumber: .number
    default: .other
    }
  }

  /// The pieces of `text`, in order, which together are all of it; none of them is empty.
  func pieces(of text: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
    let classes = text.map(Self.classify)
    var pieces: [[Unicode.Scalar]] = []
    var start = 0
    while start < text.count {
      let end = end(in: text, classes, from: start)
      pieces.append(Array(text[start..<end]))
      start = end
    }
    return pieces
  }

  private func end(in text: [Unicode.Scalar], _ classes: [Class], from start: Int) -> Int {
    switch family {
    case .gpt2:
      if let end = contraction(in: text, at: start, ignoringCase: false) { return end }
      let first = text[start] == " " && start + 1 < classes.count ? start + 1 : start
      switch classes[first] {
      case .letter, .number, .other: return run(classes, from: first) { $0 == classes[first] }
      case .space, .newline: return endOfSpace(classes, from: start)
      }
    case .llama3(let digits):
      if let end = contraction(in: text, at: start, ignoringCase: true) { return end }
      let next = start + 1 < classes.count ? classes[start + 1] : nil
      switch classes[start] {
      case .letter: return run(classes, from: start) { $0 == .letter }
      case .space where next == .letter, .other where next == .letter:
        return run(classes, from: start + 1) { $0 == .letter }
      case .number: return min(run(classes, from: start) { $0 == .number }, start + digits)
      case .other: return endOfSigns(classes, from: start)
      case .space where text[start] == " " && next == .other: return endOfSigns(classes, from: start + 1)
      case .space, .newline:
        let end = run(classes, from: start) { $0 == .space || $0 == .newline }
        if let newline = classes[start..<end].lastIndex(of: .newline) { return newline + 1 }
        return endOfSpace(classes, from: start)
      }
    }
  }

  private func run(_ classes: [Class], from start: Int, while holds: (Class) -> Bool) -> Int {
    var end = start
    while end < classes.count, holds(classes[end]) { end += 1 }
    return end
  }

  /// Signs that are neither letter, number nor space, and the line ends after them.
  private func endOfSigns(_ classes: [Class], from start: Int) -> Int {
    let end = run(classes, from: start) { $0 == .other }
    return run(classes, from: end) { $0 == .newline }
  }

  /// White space up to its end, or up to its last character where something else follows, which gets that one.
  private func endOfSpace(_ classes: [Class], from start: Int) -> Int {
    let end = run(classes, from: start) { $0 == .space || $0 == .newline }
    return end == classes.count || end - start == 1 ? end : end - 1
  }

  /// 's, 't, 're, 've, 'm, 'll and 'd. The long s (U+017F) is an s where case does not count.
  private func contraction(in text: [Unicode.Scalar], at start: Int, ignoringCase: Bool) -> Int? {
    guard text[start] == "'" else { return nil }
    let letters = text[(start + 1)...].prefix(2).map { scalar -> Unicode.Scalar in
      guard ignoringCase else { return scalar }
      if scalar == "\u{17F}" { return "s" }
      return scalar.isASCII ? scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar : scalar
    }
    guard let first = letters.first else { return nil }
    if ["s", "t", "m", "d"].contains(first) { return start + 2 }
    if [["r", "e"], ["v", "e"], ["l", "l"]].contains(letters) { return start + 3 }
    return nil
  }
}
