/// Whom a translation speaks of, by its pronouns.
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

  /// The class of an English text. Its words are those of the regular expression `\w+`, in any case.
  ///
  /// The three lists are those of the direction test (Stanovsky, Smith and Zettlemoyer 2019, as the study uses it). A
  /// pronoun of a person decides against "they", which often speaks of somebody else in the sentence.
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
