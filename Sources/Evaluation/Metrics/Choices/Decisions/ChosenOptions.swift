/// The options that one run chooses of all questions, averaged over orders, in one wording or over all of them.
struct ChosenOptions: Sendable {
  /// By question, the averaged log-probability of every option.
  let logProbabilities: [[Double]]
  let choices: [Int]
  let ties: [Bool]

  init(_ questions: [QuestionChoices]) {
    logProbabilities = questions.map(\.logProbabilities)
    choices = questions.map(\.choice)
    ties = questions.map(\.isTied)
  }

  /// The mean over several wordings, of which there must be at least one.
  init(average wordings: [[QuestionChoices]]) {
    let count = wordings.first?.count ?? 0
    logProbabilities = (0..<count).map { question in
      let all = wordings.map { $0[question].logProbabilities }
      let options = all.first?.count ?? 0
      return (0..<options).map { option in all.reduce(0) { $0 + $1[option] } / Double(all.count) }
    }
    let best = logProbabilities.map(Ranking.largest)
    choices = best.map(\.place)
    ties = best.map(\.isTied)
  }
}
