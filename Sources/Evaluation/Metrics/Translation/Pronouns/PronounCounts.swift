import Statistics

/// In how many of an arm's runs each sentence has pronouns of each class.
struct PronounCounts {
  let subset: ItemSubset
  let items: TranslationItems
  let confidence: Double
  private let runs: Int
  private let counts: [PronounClass: [Double]]

  init(_ runs: [SentenceScores], subset: ItemSubset, items: TranslationItems, confidence: Double) {
    (self.subset, self.items, self.confidence, self.runs) = (subset, items, confidence, runs.count)
    var counts: [PronounClass: [Double]] = [:]
    for pronouns in PronounClass.allCases {
      counts[pronouns] = (0..<items.count).map { item in Double(runs.count { $0.pronouns[item] == pronouns }) }
    }
    self.counts = counts
  }

  /// Among all sentences of the subset.
  func shares() -> Measured<PronounShares> {
    shares { _ in true }.map { .value($0) } ?? .undefined(reason: "no sentences", n: 0)
  }

  /// Among the sentences of a stereotype.
  func shares(of stereotype: Stereotype) -> Measured<PronounShares> {
    shares { items.stereotypes[$0] == stereotype }.map { .value($0) }
      ?? .undefined(reason: "no sentence is stereotyped \(stereotype.rawValue)", n: subset.members.count)
  }

  private func shares(where isCounted: (Int) -> Bool) -> PronounShares? {
    func share(_ pronouns: PronounClass) -> Proportion? {
      subset.proportion(of: counts[pronouns] ?? [], runs: runs, confidence: confidence, where: isCounted)
    }
    guard let female = share(.female), let male = share(.male), let neutral = share(.neutral),
      let unknown = share(.unknown)
    else { return nil }
    return PronounShares(female: female, male: male, neutral: neutral, unknown: unknown)
  }

  /// The share of sentences whose pronouns are of their gold gender, where this is, or is not, their stereotype.
  func accuracy(isPro: Bool) -> Measured<Proportion> {
    let correct = items.goldGenders.enumerated().map { item, gold in
      gold.flatMap { PronounClass(rawValue: $0.rawValue) }.flatMap { counts[$0]?[item] } ?? 0
    }
    let accuracy = subset.proportion(of: correct, runs: runs, confidence: confidence) { item in
      guard let gold = items.goldGenders[item], gold != .neutral, let stereotype = items.stereotypes[item]
      else { return false }
      return (gold.rawValue == stereotype.rawValue) == isPro
    }
    return accuracy.map { .value($0) }
      ?? .undefined(
        reason: "no \(isPro ? "pro" : "anti")-stereotypical sentences", n: subset.members.count)
  }
}
