import Foundation

/// Whether choices follow the content or the position when the options are reordered.
package enum ChoiceFollows: String, CaseIterable, Equatable, Sendable {
  /// The same option is chosen in all orders.
  case content
  /// The same position, and with it the same label where there are labels, is chosen in all orders.
  case label
  case mixed
}

/// The choice of one run for one question in one prompt variant.
package struct QuestionChoices: Equatable, Sendable {
  /// The choice in one order of the options.
  package struct OrderChoice: Equatable, Sendable {
    package var option: Int
    package var position: Int
    /// Whether another option scores as much; of such options the first in the question's own order is chosen.
    package var isTied: Bool
  }

  /// In the order of the prompt variant's orders.
  package var orders: [OrderChoice]
  /// By option: the mean over the orders of its log-probability, normalized over the options in each order.
  package var logProbabilities: [Double]
  /// The option with the largest of them; of equal ones the first.
  package var choice: Int
  package var isTied: Bool

  /// - Parameters:
  ///   - orders: `order[position]` is the option.
  ///   - scores: By order, the score of every position; larger is likelier.
  init(orders: [[Int]], scores: [[Double]]) {
    let options = orders.first?.count ?? 0
    var sums = [Double](repeating: 0, count: options)
    self.orders = zip(orders, scores).map { order, scores in
      var byOption = [Double](repeating: 0, count: options)
      for (option, score) in zip(order, scores) { byOption[option] = score }
      let logProbabilities = Ranking.normalized(byOption)
      for (option, value) in logProbabilities.enumerated() { sums[option] += value }
      let best = Ranking.largest(logProbabilities)
      return OrderChoice(
        option: best.index, position: order.firstIndex(of: best.index) ?? 0, isTied: best.isTied)
    }
    logProbabilities = sums.map { $0 / Double(max(1, orders.count)) }
    (choice, isTied) = Ranking.largest(logProbabilities)
  }

  /// `nil` if there is only one order.
  package var follows: ChoiceFollows? {
    guard let first = orders.first, orders.count > 1 else { return nil }
    if orders.allSatisfy({ $0.option == first.option }) { return .content }
    return orders.allSatisfy { $0.position == first.position } ? .label : .mixed
  }
}

/// One run's choices.
struct RunChoices: Sendable {
  let seed: Int?
  /// By prompt variant and question.
  let prompts: [[QuestionChoices]]

  /// - Parameter run: Checked to have a score for every continuation of the task.
  init(_ task: ChoiceTask, run: RunScores) {
    seed = run.seed
    var prompts = [[QuestionChoices]](repeating: [], count: task.prompts.count)
    for (position, question) in task.questions.enumerated() {
      var next = task.range(of: position).lowerBound
      for (number, prompt) in task.prompts.enumerated() {
        let orders = prompt.orders(of: question.options.count)
        let scores = orders.map { order in
          order.map { _ in
            defer { next += prompt.subtractsBlank ? 2 : 1 }
            return prompt.score(
              run.scores[next], blank: prompt.subtractsBlank ? run.scores[next + 1] : nil)
          }
        }
        prompts[number].append(QuestionChoices(orders: orders, scores: scores))
      }
    }
    self.prompts = prompts
  }

  /// In every prompt variant, and, of several, over all of them.
  var chosen: [ChosenOptions] {
    prompts.map { ChosenOptions($0) } + (prompts.count > 1 ? [ChosenOptions(average: prompts)] : [])
  }
}

extension PromptVariant {
  /// The score of an option: see `scoring` and `subtractsBlank`.
  fileprivate func score(_ score: AnswerScore, blank: AnswerScore?) -> Double {
    if let blank { return score.logLikelihood - blank.logLikelihood }
    return scoring == .label ? score.logLikelihood : score.logLikelihood / Double(score.tokens)
  }
}

extension ChoiceTask {
  /// One run's choices for every question: by prompt variant, in its order, and question.
  ///
  /// - Parameter arm: What the arm is called in errors.
  /// - Throws: `ChoiceError` if the scores are not those of the task's continuations.
  package func choices(_ run: RunScores, arm: String) throws(ChoiceError) -> [[QuestionChoices]] {
    try validate(run, arm: arm)
    return RunChoices(self, run: run).prompts
  }

  /// By question the log-probability of every option, normalized over the options in each order and averaged over
  /// orders
  /// and prompt variants.
  ///
  /// - Throws: `ChoiceError` if the scores are not those of the task's continuations.
  package func logProbabilities(_ run: RunScores, arm: String) throws(ChoiceError) -> [[Double]] {
    ChosenOptions(average: try choices(run, arm: arm)).logProbabilities
  }
}

/// The options that one run chooses of all questions, averaged over orders, in one prompt variant or over all of them.
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

  /// The mean over prompt variants; there must be at least one.
  init(average prompts: [[QuestionChoices]]) {
    let count = prompts.first?.count ?? 0
    logProbabilities = (0..<count).map { question in
      let all = prompts.map { $0[question].logProbabilities }
      let options = all.first?.count ?? 0
      return (0..<options).map { option in all.reduce(0) { $0 + $1[option] } / Double(all.count) }
    }
    let best = logProbabilities.map(Ranking.largest)
    choices = best.map(\.index)
    ties = best.map(\.isTied)
  }
}

extension ChoiceTask {
  /// The averaged log-probabilities as logits over the options, so that accuracy and calibration go the way of any
  /// classification, with an option's position as its class. Options that tie have equal probabilities, from which a
  /// prediction is the first, as it is here.
  ///
  /// - Parameter prompted: the positions of the questions, all with the same number of options; by default all.
  /// - Throws: `ChoiceError` if the scores are not those of the task's continuations, or questions have different
  ///   numbers of options.
  package func logits(
    _ run: RunScores, arm: String, of prompted: [Int]? = nil
  ) throws(ChoiceError) -> Logits {
    let prompted = prompted ?? Array(questions.indices)
    let classes = prompted.first.map { questions[$0].options.count } ?? 0
    for question in prompted.map({ questions[$0] }) where question.options.count != classes {
      throw .unequalOptionCounts(
        question: question.identifier, expected: classes, found: question.options.count)
    }
    let all = try logProbabilities(run, arm: arm)
    let values = prompted.map { all[$0] }.flatMap { averaged in
      let best = averaged.max() ?? 0
      let snapped = averaged.map { $0 >= best - Ranking.tolerance ? best : $0 }
      return Ranking.normalized(snapped).map { max(exp($0), .leastNormalMagnitude) }
    }
    do {
      return try Logits(probabilities: values, count: prompted.count, classes: classes)
    } catch {
      // There is a value for every question and option; were there none, this says so.
      throw .scoreCount(arm: arm, seed: run.seed, expected: prompted.count * classes, found: values.count)
    }
  }

  /// Whether a run's choice, averaged over orders and prompt variants, is right: 1 or 0 for each of some questions,
  /// which have
  /// right answers.
  ///
  /// - Throws: `ChoiceError` if the scores are not those of the task's continuations.
  package func correctness(_ run: RunScores, arm: String, of prompted: [Int]) throws(ChoiceError) -> [Double] {
    let all = try logProbabilities(run, arm: arm)
    return prompted.map { Ranking.largest(all[$0]).index == questions[$0].answer ? 1 : 0 }
  }
}

/// The index of the largest of several values.
enum Ranking {
  /// Log-probabilities that differ by no more count as equal: averages over orders round differently.
  static let tolerance = 1e-9

  /// The largest value; of equal ones the first. There must be at least one.
  static func largest(_ values: [Double]) -> (index: Int, isTied: Bool) {
    let best = values.max() ?? 0
    let equal = values.indices.filter { values[$0] >= best - tolerance }
    return (equal.first ?? 0, equal.count > 1)
  }

  /// Scores as log-probabilities that sum to one as probabilities: s − log Σ exp s.
  static func normalized(_ scores: [Double]) -> [Double] {
    let largest = scores.max() ?? 0
    // Differences first: scores that are equal up to a shift then tie.
    let sum = log(scores.reduce(0) { $0 + exp($1 - largest) })
    return scores.map { ($0 - largest) - sum }
  }
}
