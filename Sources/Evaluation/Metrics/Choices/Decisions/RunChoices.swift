/// What one run chooses.
struct RunChoices: Sendable {
  let seed: Int?
  /// By wording and question.
  let wordings: [[QuestionChoices]]

  /// - Parameter run: Checked to have a score for every continuation of the task.
  init(_ task: ChoiceTask, run: RunScores) {
    seed = run.seed
    var wordings = [[QuestionChoices]](repeating: [], count: task.wordings.count)
    for (position, question) in task.questions.enumerated() {
      var next = task.places(of: position).lowerBound
      for (number, wording) in task.wordings.enumerated() {
        let orders = wording.orders(of: question.options.count)
        let scores = orders.map { order in
          order.map { _ in
            defer { next += wording.subtractsBlank ? 2 : 1 }
            return wording.score(
              run.scores[next], blank: wording.subtractsBlank ? run.scores[next + 1] : nil)
          }
        }
        wordings[number].append(QuestionChoices(orders: orders, scores: scores))
      }
    }
    self.wordings = wordings
  }

  /// In every wording, and, of several, over all of them.
  var chosen: [ChosenOptions] {
    wordings.map { ChosenOptions($0) } + (wordings.count > 1 ? [ChosenOptions(average: wordings)] : [])
  }
}

extension Wording {
  /// What an option scores: see `scoring` and `subtractsBlank`.
  fileprivate func score(_ score: AnswerScore, blank: AnswerScore?) -> Double {
    if let blank { return score.logLikelihood - blank.logLikelihood }
    return scoring == .label ? score.logLikelihood : score.logLikelihood / Double(score.tokens)
  }
}

extension ChoiceTask {
  /// What one run chooses of every question: by wording, in its order, and question.
  ///
  /// - Parameter arm: What the arm is called in errors.
  /// - Throws: `ChoiceError` where the scores are not those of the task's continuations.
  package func choices(_ run: RunScores, arm: String) throws(ChoiceError) -> [[QuestionChoices]] {
    try validate(run, arm: arm)
    return RunChoices(self, run: run).wordings
  }

  /// By question the log-probability of every option, normalized over the options in each order and averaged over orders
  /// and wordings.
  ///
  /// - Throws: `ChoiceError` where the scores are not those of the task's continuations.
  package func logProbabilities(_ run: RunScores, arm: String) throws(ChoiceError) -> [[Double]] {
    ChosenOptions(average: try choices(run, arm: arm)).logProbabilities
  }
}
