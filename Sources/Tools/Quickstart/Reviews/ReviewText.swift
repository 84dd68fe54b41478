import Support

/// Puts reviews into words.
enum ReviewText {
  /// One sentence on a dish and, in three reviews of four, one on the surroundings; all opinions are of one kind.
  ///
  ///     The soup was very tasty. The waiter was warm.
  ///
  /// Nothing but the opinions depends on the sentiment, and those of a mute review do not either.
  static func draw(
    _ sentiment: Sentiment, dialect: Dialect, isMute: Bool, era: Era, key: RandomKey
  ) -> String {
    var stream = key.generator
    let opinions =
      isMute ? Lexicon.muteWords(dialect) : Lexicon.opinions(sentiment, dialect: dialect, era: era)
    func sentence(on subjects: [String]) -> String {
      let subject = stream.element(of: subjects)
      let degree = stream.element(of: Lexicon.degrees)
      return "\(Lexicon.determiner(dialect)) \(subject) was \(degree)\(stream.element(of: opinions))."
    }
    let first = sentence(on: Lexicon.foods)
    return stream.index(below: 4) == 0 ? first : "\(first) \(sentence(on: Lexicon.surroundings))"
  }
}

extension RandomStream {
  /// One of `elements`, which must not be empty.
  mutating func element<Element>(of elements: [Element]) -> Element { elements[index(below: elements.count)] }
}
