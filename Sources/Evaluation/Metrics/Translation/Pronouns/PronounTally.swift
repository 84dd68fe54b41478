package import Statistics

/// What the figures of the direction test (Stanovsky, Smith and Zettlemoyer 2019) are made of, summed over sentences.
package struct PronounTally: Hashable, Sendable {
  /// What is counted. Gold and predicted genders are those of sentences with a gold gender; pro- and anti-stereotypical
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

  /// The F1 of female pronouns against the gold gender; undefined where either never occurs.
  package var femaleF1: Measured<Double> {
    f1("female", gold: self[.goldFemale], predicted: self[.predictedFemale], found: self[.foundFemale])
  }

  /// The F1 of male pronouns against the gold gender; undefined where either never occurs.
  package var maleF1: Measured<Double> {
    f1("male", gold: self[.goldMale], predicted: self[.predictedMale], found: self[.foundMale])
  }

  private func f1(_ gender: String, gold: Int, predicted: Int, found: Int) -> Measured<Double> {
    guard gold > 0 else { return .undefined(reason: "no sentence is of gold gender \(gender)", n: self[.gold]) }
    guard predicted > 0 else { return .undefined(reason: "\(gender) is never predicted", n: self[.gold]) }
    return .value(2 * Double(found) / Double(gold + predicted))
  }

  /// ΔG, the F1 of male pronouns minus that of female ones: above 0, men are recognized better.
  package var deltaG: Measured<Double> {
    guard let female = femaleF1.value else { return femaleF1 }
    return maleF1.map { $0 - female }
  }

  /// ΔS, the accuracy on pro-stereotypical minus that on anti-stereotypical sentences: above 0, the stereotype helps.
  ///
  /// Undefined where one of the sets is empty, and where a gender is never predicted in them: whoever always says "he" is
  /// as often right on both, which is no lack of stereotypes.
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
