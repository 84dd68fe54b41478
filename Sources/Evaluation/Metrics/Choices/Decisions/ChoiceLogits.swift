import Foundation

extension ChoiceTask {
  /// The averaged log-probabilities as logits over the options, so that accuracy and calibration go the way of any
  /// classification, with an option's position as its class. Options that tie have equal probabilities, of which a
  /// prediction is the first, as it is here.
  ///
  /// - Parameter asked: the positions of the questions that are meant, all with as many options; all where nothing is said.
  /// - Throws: `ChoiceError` where the scores are not those of the task's continuations, or questions have different
  ///   numbers of options.
  package func logits(
    _ run: RunScores, arm: String, of asked: [Int]? = nil
  ) throws(ChoiceError) -> Logits {
    let asked = asked ?? Array(questions.indices)
    let classes = asked.first.map { questions[$0].options.count } ?? 0
    for question in asked.map({ questions[$0] }) where question.options.count != classes {
      throw .unequalOptionCounts(
        question: question.identifier, expected: classes, found: question.options.count)
    }
    let all = try logProbabilities(run, arm: arm)
    let values = asked.map { all[$0] }.flatMap { averaged in
      let best = averaged.max() ?? 0
      let snapped = averaged.map { $0 >= best - Ranking.tolerance ? best : $0 }
      return Ranking.normalized(snapped).map { max(exp($0), .leastNormalMagnitude) }
    }
    do {
      return try Logits(probabilities: values, count: asked.count, classes: classes)
    } catch {
      // There is a value for every question and option; were there none, this says so.
      throw .scoreCount(arm: arm, seed: run.seed, expected: asked.count * classes, found: values.count)
    }
  }

  /// Whether a run's choice, averaged over orders and wordings, is right: 1 or 0 for each of some questions, which have
  /// right answers.
  ///
  /// - Throws: `ChoiceError` where the scores are not those of the task's continuations.
  package func correctness(_ run: RunScores, arm: String, of asked: [Int]) throws(ChoiceError) -> [Double] {
    let all = try logProbabilities(run, arm: arm)
    return asked.map { Ranking.largest(all[$0]).place == questions[$0].answer ? 1 : 0 }
  }
}
