import Foundation

/// What is done to the text between added tokens before it is split.
struct Normalizer: Sendable {
  enum Step: Sendable {
    case prepend([Unicode.Scalar])
    case replace([Unicode.Scalar], with: [Unicode.Scalar])
    /// Unicode's canonical composition.
    case composition
  }

  var steps: [Step] = []

  /// `text` after all steps. Nothing is prepended to an empty text.
  func apply(to text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    steps.reduce(text) { text, step in
      switch step {
      case .prepend(let prefix): text.isEmpty ? text : prefix + text
      case .replace(let pattern, let replacement): text.replacing(pattern, with: replacement)
      case .composition: Array(String(text).precomposedStringWithCanonicalMapping.unicodeScalars)
      }
    }
  }
}

extension String {
  init(_ scalars: some Sequence<Unicode.Scalar>) {
    self.init(String.UnicodeScalarView(scalars))
  }
}

extension [Unicode.Scalar] {
  /// Every occurrence of `pattern`, from the left, replaced; an empty pattern occurs nowhere.
  func replacing(_ pattern: [Unicode.Scalar], with replacement: [Unicode.Scalar]) -> [Unicode.Scalar] {
    guard let first = pattern.first else { return self }
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(count)
    var position = 0
    while position < count {
      if self[position] == first, self[position...].starts(with: pattern) {
        result += replacement
        position += pattern.count
      } else {
        result.append(self[position])
        position += 1
      }
    }
    return result
  }
}
