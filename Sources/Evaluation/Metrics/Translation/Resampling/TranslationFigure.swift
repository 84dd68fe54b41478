import Statistics

/// A figure of a run that is a function of sums over sentences, and so can be resampled.
enum TranslationFigure: Int, CaseIterable {
  case bleu
  case rougeL
  case femaleF1
  case maleF1
  case deltaG
  case deltaS

  func value(of sums: QualitySums) -> Measured<Double> {
    switch self {
    case .bleu: sums.bleu.score
    case .rougeL:
      sums.bleu.sentences > 0
        ? .value(sums.rougeL / Double(sums.bleu.sentences)) : .undefined(reason: "no sentences", n: 0)
    case .femaleF1: sums.pronouns.femaleF1
    case .maleF1: sums.pronouns.maleF1
    case .deltaG: sums.pronouns.deltaG
    case .deltaS: sums.pronouns.deltaS
    }
  }
}
