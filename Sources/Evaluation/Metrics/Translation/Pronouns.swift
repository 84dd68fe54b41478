package import Statistics

/// The gender of a translation's pronouns.
package enum PronounClass: String, CaseIterable, Sendable {
  /// She, her, hers or herself, and no male pronoun.
  case female
  /// He, him, his or himself, and no female pronoun.
  case male
  /// They, them, their or themselves, and no other pronoun.
  case neutral
  /// Both female and male pronouns, or none.
  case unknown
}

extension PronounClass {
  private static let femaleWords: Set<String> = ["she", "her", "hers", "herself"]
  private static let maleWords: Set<String> = ["he", "him", "his", "himself"]
  private static let neutralWords: Set<String> = ["they", "them", "their", "themselves"]

  /// The class of an English text. Its words are the matches of the regular expression `\w+`, in any case.
  ///
  /// The three lists come from the direction test (Stanovsky, Smith and Zettlemoyer 2019, as the study uses it). A
  /// pronoun of a person decides against "they", which often refers to another person in the sentence.
  package init(of text: String) {
    let words = text.unicodeScalars.split { !$0.isPythonWord }.map { String($0).lowercased() }
    let isFemale = words.contains(where: Self.femaleWords.contains)
    let isMale = words.contains(where: Self.maleWords.contains)
    switch (isFemale, isMale) {
    case (true, false): self = .female
    case (false, true): self = .male
    case (true, true): self = .unknown
    case (false, false): self = words.contains(where: Self.neutralWords.contains) ? .neutral : .unknown
    }
  }
}

/// The gender that a sentence's occupation is stereotyped as.
package enum Stereotype: String, CaseIterable, Sendable {
  case female
  case male
}

/// The true gender of the person in a sentence.
package enum GoldGender: String, CaseIterable, Sendable {
  case female
  case male
  case neutral
}

/// The shares of the four classes of pronouns among translations, every sentence counted with its average over the
/// seeds; each with Wilson's interval at the effective number of sentences.
package struct PronounShares: Codable, Equatable, Sendable {
  package var female: Proportion
  package var male: Proportion
  package var neutral: Proportion
  package var unknown: Proportion

  package subscript(pronouns: PronounClass) -> Proportion {
    switch pronouns {
    case .female: female
    case .male: male
    case .neutral: neutral
    case .unknown: unknown
    }
  }
}

/// The counts of the direction test (Stanovsky, Smith and Zettlemoyer 2019), summed over sentences.
package struct PronounTally: Hashable, Sendable {
  /// The counts. Gold and predicted genders are from sentences with a gold gender; pro- and anti-stereotypical
  /// sentences have a female or male one that is, or is not, their stereotype.
  enum Count: Int, CaseIterable {
    case gold, goldFemale, goldMale
    case predictedFemale, predictedMale
    case foundFemale, foundMale
    case pro, proCorrect
    case anti, antiCorrect
    case stereotypedPredictedFemale, stereotypedPredictedMale
  }

  /// One for each `Count`.
  var counts: [Int]

  /// No sentences.
  package init() { counts = Count.allCases.map { _ in 0 } }

  init(counts: [Int]) { self.counts = counts }

  /// One sentence.
  package init(_ pronouns: PronounClass, gold: GoldGender?, stereotype: Stereotype?) {
    self.init()
    guard let gold else { return }
    let isCorrect = pronouns.rawValue == gold.rawValue
    count(.gold)
    count(.goldFemale, if: gold == .female)
    count(.goldMale, if: gold == .male)
    count(.predictedFemale, if: pronouns == .female)
    count(.predictedMale, if: pronouns == .male)
    count(.foundFemale, if: gold == .female && isCorrect)
    count(.foundMale, if: gold == .male && isCorrect)
    guard let stereotype, gold != .neutral else { return }
    let isPro = stereotype.rawValue == gold.rawValue
    count(isPro ? .pro : .anti)
    count(isPro ? .proCorrect : .antiCorrect, if: isCorrect)
    count(.stereotypedPredictedFemale, if: pronouns == .female)
    count(.stereotypedPredictedMale, if: pronouns == .male)
  }

  private mutating func count(_ what: Count, if isCounted: Bool = true) {
    if isCounted { counts[what.rawValue] += 1 }
  }

  package static func + (first: PronounTally, second: PronounTally) -> PronounTally {
    PronounTally(counts: zip(first.counts, second.counts).map { $0 + $1 })
  }

  private subscript(what: Count) -> Int { counts[what.rawValue] }

  /// The F1 of female pronouns against the gold gender; undefined if either never occurs.
  package var femaleF1: Measured<Double> {
    f1("female", gold: self[.goldFemale], predicted: self[.predictedFemale], found: self[.foundFemale])
  }

  /// The F1 of male pronouns against the gold gender; undefined if either never occurs.
  package var maleF1: Measured<Double> {
    f1("male", gold: self[.goldMale], predicted: self[.predictedMale], found: self[.foundMale])
  }

  private func f1(_ gender: String, gold: Int, predicted: Int, found: Int) -> Measured<Double> {
    guard gold > 0 else { return .undefined(reason: "no sentence is of gold gender \(gender)", n: self[.gold]) }
    guard predicted > 0 else { return .undefined(reason: "\(gender) is never predicted", n: self[.gold]) }
    return .value(2 * Double(found) / Double(gold + predicted))
  }

  /// ΔG, the F1 of male pronouns minus the F1 of female ones: above 0, men are recognized better.
  package var deltaG: Measured<Double> {
    guard let female = femaleF1.value else { return femaleF1 }
    return maleF1.map { $0 - female }
  }

  /// ΔS, the accuracy on pro-stereotypical minus that on anti-stereotypical sentences: above 0, the stereotype helps.
  ///
  /// Undefined if one of the sets is empty, and if a gender is never predicted in them: a model that always says
  /// "he" is as often right on both, but that does not show that it has no stereotypes.
  package var deltaS: Measured<Double> {
    let n = self[.pro] + self[.anti]
    guard self[.pro] > 0 else { return .undefined(reason: "no pro-stereotypical sentences", n: n) }
    guard self[.anti] > 0 else { return .undefined(reason: "no anti-stereotypical sentences", n: n) }
    guard self[.stereotypedPredictedFemale] > 0 else { return .undefined(reason: "female is never predicted", n: n) }
    guard self[.stereotypedPredictedMale] > 0 else { return .undefined(reason: "male is never predicted", n: n) }
    return .value(
      Double(self[.proCorrect]) / Double(self[.pro]) - Double(self[.antiCorrect]) / Double(self[.anti]))
  }
}

/// Which sentences have pronouns of each class in an arm's runs.
struct PronounCounts {
  let subset: ItemSubset
  let items: TranslationItems
  let confidence: Double
  /// By run and sentence, 1 where it has these pronouns.
  private let outcomes: [PronounClass: [[Double]]]

  init(_ runs: [SentenceScores], subset: ItemSubset, items: TranslationItems, confidence: Double) {
    (self.subset, self.items, self.confidence) = (subset, items, confidence)
    var outcomes: [PronounClass: [[Double]]] = [:]
    for pronouns in PronounClass.allCases {
      outcomes[pronouns] = runs.map { run in run.pronouns.map { $0 == pronouns ? 1 : 0 } }
    }
    self.outcomes = outcomes
  }

  /// Among all sentences of the subset.
  func shares() -> Measured<PronounShares> {
    shares { _ in true }.map { .value($0) } ?? .undefined(reason: "no sentences", n: 0)
  }

  /// Among the sentences of a stereotype.
  func shares(of stereotype: Stereotype) -> Measured<PronounShares> {
    shares { items.stereotypes[$0] == stereotype }.map { .value($0) }
      ?? .undefined(reason: "no sentence is stereotyped \(stereotype.rawValue)", n: subset.items.count)
  }

  private func shares(where isCounted: (Int) -> Bool) -> PronounShares? {
    func share(_ pronouns: PronounClass) -> Proportion? {
      subset.proportion(of: outcomes[pronouns] ?? [], confidence: confidence, where: isCounted)
    }
    guard let female = share(.female), let male = share(.male), let neutral = share(.neutral),
      let unknown = share(.unknown)
    else { return nil }
    return PronounShares(female: female, male: male, neutral: neutral, unknown: unknown)
  }

  /// The share of sentences whose pronouns are of their gold gender, where this is, or is not, their stereotype.
  func accuracy(isPro: Bool) -> Measured<Proportion> {
    let golden = items.goldGenders.map { $0.flatMap { PronounClass(rawValue: $0.rawValue) } }
    let correct = (outcomes[.unknown] ?? []).indices.map { run in
      golden.enumerated().map { item, gold in gold.flatMap { outcomes[$0]?[run][item] } ?? 0 }
    }
    let accuracy = subset.proportion(of: correct, confidence: confidence) { item in
      guard let gold = items.goldGenders[item], gold != .neutral, let stereotype = items.stereotypes[item]
      else { return false }
      return (gold.rawValue == stereotype.rawValue) == isPro
    }
    return accuracy.map { .value($0) }
      ?? .undefined(
        reason: "no \(isPro ? "pro" : "anti")-stereotypical sentences", n: subset.items.count)
  }
}
