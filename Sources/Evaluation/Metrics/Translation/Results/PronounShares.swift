package import Statistics

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
