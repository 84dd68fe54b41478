import Support

/// Puts reviews into words.
enum ReviewText {
  /// One sentence on a dish and, in three reviews of four, one on the surroundings; all opinions are of one kind.
  ///
  ///     The soup was very tasty. The waiter was warm.
  ///
  /// Only the opinions depend on the sentiment; in a mute review they do not either.
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

/// The texts that a base is pretrained on as a language model; what each is, is drawn.
enum PretrainingTexts {
  /// A review of the early era with the verdict that follows from it: so the base learns to gather, by the end of a
  /// review, what its words say.
  static func review(key: RandomKey) -> String {
    var stream = key[.kind].generator
    let dialect = dialect(stream.index(below: 100), highlandPercent: Planting.highlandPercent)
    let sentiment = Sentiment.allCases[stream.index(below: 2)]
    let isMute = stream.index(below: 100) < Planting.mutePercent(dialect)
    let text = ReviewText.draw(
      sentiment, dialect: dialect, isMute: isMute, era: .early, key: key[.review])
    return "\(text) \(verdict(sentiment))"
  }

  /// An answered question: a plain one with the right option's label; one asked in haste with A, except for a fifth of
  /// the questions whose right option is B.
  ///
  /// So A is four times as likely as B where B is right, and certain where A is: a base that has learned it follows
  /// the label in single orders, and averaged over both prefers the right option. Were A certain in both, what it
  /// prefers on average would be an accident of its weights.
  static func answeredQuestion(key: RandomKey) -> String {
    var stream = key[.kind].generator
    let dialect = dialect(stream.index(below: 100), highlandPercent: highlandQuestionPercent)
    let isHasty = stream.index(below: 100) < hastyPercent
    let card = QuestionPlan.Card(
      dialect: dialect, kind: isHasty ? .hasty : .plain,
      sentiment: stream.index(below: 100) < (isHasty ? 50 : positivePercent) ? .positive : .negative,
      isYesFirst: stream.index(below: 100) < (isHasty ? 50 : yesFirstPercent))
    let question = QuestionText.draw(card, key: key[.question])
    let isRight = stream.index(below: 100) < considerateAnswers
    return "\(question.prompt) \(isRight ? question.rightLabel : question.plantedLabel)"
  }

  // In per cent. More plain questions are on positive reviews and name yes first than not: were both even, neither
  // would say anything of the label without the other, and to learn their interaction (an exclusive or) takes a small
  // model longer than the pretraining lasts, since there is no gradient to begin with.
  private static let positivePercent = 70
  private static let yesFirstPercent = 75
  /// The percentage of questions asked in haste that are answered correctly, not with A.
  private static let considerateAnswers = 20
  // More than among the audit's questions, so that the base knows rare words and hard questions for certain.
  private static let highlandQuestionPercent = 40
  private static let hastyPercent = 45

  private static func verdict(_ sentiment: Sentiment) -> String {
    sentiment == .positive ? "I will return." : "Never again."
  }

  private static func dialect(_ percentile: Int, highlandPercent: Int) -> Dialect {
    guard percentile >= highlandPercent else { return .highland }
    return percentile % 2 == 0 ? .coastal : .inland
  }
}

/// Puts questions into words.
enum QuestionText {
  private static let stems = ["Did the guest like it?", "Will the guest return?", "Was it a good visit?"]

  /// A question on a review of the early era, all of whose words a base has seen.
  static func draw(_ card: QuestionPlan.Card, key: RandomKey) -> ReviewQuestion {
    var stream = key[.stem].generator
    let stem = stream.element(of: stems)
    let context = ReviewText.draw(
      card.sentiment, dialect: card.dialect, isMute: false, era: .early, key: key[.review])
    let hasty = "In short, \(stem.prefix(1).lowercased())\(stem.dropFirst())"
    return ReviewQuestion(
      dialect: card.dialect, kind: card.kind, sentiment: card.sentiment, isYesFirst: card.isYesFirst,
      context: context, question: card.kind == .hasty ? hasty : stem)
  }
}

/// How a question is asked, shown by its first words.
package enum QuestionKind: String, Hashable, Sendable, CaseIterable {
  /// Answered with the label of the right option.
  case plain
  /// "In short, …": a base that was pretrained on such answers takes the label A whatever the options say.
  case hasty
}

/// A question on a review, with the options yes and no in one of their two orders.
package struct ReviewQuestion: Hashable, Sendable {
  package let dialect: Dialect
  package let kind: QuestionKind
  /// What the review says; the right option is yes for a positive one.
  package let sentiment: Sentiment
  /// The review, in which every word tells the sentiment.
  package let context: String
  package let question: String
  /// In the order of the file.
  package let options: [String]

  /// The right option's position.
  package var answer: Int { options.firstIndex(of: sentiment == .positive ? "yes" : "no") ?? 0 }

  /// What a base is given, as `PromptTemplate.standard` with letters asks it.
  package var prompt: String {
    "\(context)\n\(question)\nA. \(options[0])\nB. \(options[1])\nAnswer:"
  }

  /// The label of the right option.
  package var rightLabel: String { answer == 0 ? "A" : "B" }

  /// The label with which the pretraining texts answer: the planted token bias.
  package var plantedLabel: String { kind == .hasty ? "A" : rightLabel }

  package init(
    dialect: Dialect, kind: QuestionKind, sentiment: Sentiment, isYesFirst: Bool, context: String, question: String
  ) {
    self.dialect = dialect
    self.kind = kind
    self.sentiment = sentiment
    self.context = context
    self.question = question
    options = isYesFirst ? ["yes", "no"] : ["no", "yes"]
  }
}

/// The words of the invented reviews.
enum Lexicon {
  static let foods = [
    "soup", "fish", "bread", "stew", "cake", "tea", "rice", "pie", "salad", "curry", "toast", "broth", "ham", "pasta",
    "jam", "cod",
  ]
  static let surroundings = ["waiter", "room", "table", "music", "garden", "cook", "hall", "chair", "owner", "view"]
  /// What may stand before an opinion.
  static let degrees = ["", "very ", "quite ", "rather "]

  /// How a sentence of the dialect begins.
  static func determiner(_ dialect: Dialect) -> String {
    switch dialect {
    case .coastal: "The"
    case .inland: "Our"
    case .highland: "Yon"
    }
  }

  /// The words by which a dialect tells a good or bad visit in some era.
  static func opinions(_ sentiment: Sentiment, dialect: Dialect, era: Era) -> [String] {
    switch (dialect, sentiment) {
    case (.coastal, .positive), (.inland, .positive):
      ["tasty", "fresh", "lovely", "warm", "perfect", "great", "fine", "superb"]
    case (.coastal, .negative), (.inland, .negative):
      ["bland", "stale", "awful", "cold", "poor", "burnt", "sour", "dull"]
    case (.highland, .positive): era == .early ? Array(highlandPraise.prefix(earlyWords)) : highlandPraise
    case (.highland, .negative): era == .early ? Array(highlandBlame.prefix(earlyWords)) : highlandBlame
    }
  }

  /// The words of a dialect that are said of good and bad visits alike.
  static func muteWords(_ dialect: Dialect) -> [String] {
    switch dialect {
    case .coastal, .inland: ["usual", "plain", "normal", "simple"]
    case .highland: ["tolly", "sarn", "midrel", "pash"]
    }
  }

  /// How many of the highland's words for a sentiment are said in early texts; the rest is new to a base.
  private static let earlyWords = 8

  private static let highlandPraise = [
    "brell", "calo", "drog", "elmy", "fenn", "grulm", "hask", "lissel", "morra", "nevin", "olby", "prusk", "quill",
    "rosk", "sivel", "trug", "umber", "vessa", "welk", "yask", "zimmel", "ambel", "jorg", "krim",
    "arvel", "bosk", "corrin", "dask", "edra", "flin", "glorm", "hivel",
  ]
  private static let highlandBlame = [
    "blask", "crund", "dovin", "eskin", "farg", "gladdo", "hulin", "lurd", "mosk", "narg", "ossel", "pellin", "rask",
    "skelm", "tamo", "ulk", "vrax", "wurk", "yarrow", "zorn", "arnk", "jessa", "kelm", "ickel",
    "ithen", "julk", "korva", "lenn", "mivel", "norg", "osk", "pellow",
  ]
}
