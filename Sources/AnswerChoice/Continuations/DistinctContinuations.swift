/// Continuations without repetition, so that a model scores each pair of texts once.
package struct DistinctContinuations: Equatable, Sendable {
  /// A prompt and what is scored after it.
  package struct Texts: Hashable, Sendable {
    package var prompt: String
    package var continuation: String
  }

  /// In the order in which they first occur.
  package let texts: [Texts]
  /// For every continuation the place of its texts.
  package let places: [Int]

  package init(_ continuations: some Sequence<ScoredContinuation>) {
    var numbers: [Texts: Int] = [:]
    var texts: [Texts] = []
    places = continuations.map { continuation in
      let pair = Texts(prompt: continuation.prompt, continuation: continuation.continuation)
      if let number = numbers[pair] { return number }
      numbers[pair] = texts.count
      texts.append(pair)
      return texts.count - 1
    }
    self.texts = texts
  }
}
