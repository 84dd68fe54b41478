/// A prompt and what is scored after it.
package struct ContinuationTexts: Hashable, Sendable {
  package var prompt: String
  package var continuation: String
}

/// Continuations without repetition, so that a model scores each pair of texts once.
package struct DistinctContinuations: Equatable, Sendable {
  /// In the order in which they first occur.
  package let texts: [ContinuationTexts]
  /// For every continuation the place of its texts.
  package let places: [Int]

  package init(_ continuations: some Sequence<ContinuationTexts>) {
    // By their bytes, since texts that are written differently and read alike are different tokens.
    var numbers: [[[UInt8]]: Int] = [:]
    var texts: [ContinuationTexts] = []
    places = continuations.map { pair in
      let bytes = [Array(pair.prompt.utf8), Array(pair.continuation.utf8)]
      if let number = numbers[bytes] { return number }
      numbers[bytes] = texts.count
      texts.append(pair)
      return texts.count - 1
    }
    self.texts = texts
  }
}
