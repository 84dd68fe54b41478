package import Fairness
import Foundation

extension ChoiceTask {
  /// The averaged log-probabilities as logits over the options, so that accuracy and calibration go the way of any
  /// classification, with an option's position as its class. Options that tie have equal probabilities, of which a
  /// prediction is the first, as it is here.
  ///
  /// - Throws: `ChoiceError` where the scores are not those of the task's continuations, or questions have different
  ///   numbers of options.
  package func logits(_ run: RunScores, arm: String) throws(ChoiceError) -> Logits {
    let classes = questions.first?.options.count ?? 0
    for question in questions where question.options.count != classes {
      throw .unequalOptionCounts(
        question: question.identifier, expected: classes, found: question.options.count)
    }
    let values = try logProbabilities(run, arm: arm).flatMap { averaged in
      let best = averaged.max() ?? 0
      let snapped = averaged.map { $0 >= best - Ranking.tolerance ? best : $0 }
      return Ranking.normalized(snapped).map { max(exp($0), .leastNormalMagnitude) }
    }
    do {
      return try Logits(probabilities: values, count: questions.count, classes: classes)
    } catch {
      // There is a value for every question and option; were there none, this says so.
      throw .scoreCount(arm: arm, seed: run.seed, expected: questions.count * classes, found: values.count)
    }
  }
}
