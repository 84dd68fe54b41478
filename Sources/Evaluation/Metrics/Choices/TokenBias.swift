package import Statistics
import Support

/// How often a label is chosen; where options have none, a position.
package struct LabelShare: Codable, Equatable, Sendable {
  /// "position 1" and so on for options without labels.
  package var label: String
  /// How often the option in this position is chosen, over all orders of the questions that have one there.
  package var share: Proportion
  /// The share that a model without regard to labels has: each position holds every option equally often.
  package var uniform: Double
  /// How often the right option is chosen, over the orders in which it has this label.
  package var accuracy: Measured<Proportion>
}

/// Whether single choices follow what the options say or what they are called, in one prompt variant, before anything
/// is
/// averaged over the orders.
package struct TokenBias: Codable, Equatable, Sendable {
  /// The share of questions, among those with several orders, for which all orders choose the same option.
  package var followsContent: Proportion
  /// The share for which all orders choose the same position: the token bias.
  package var labelBias: Proportion
  /// The share of the other questions.
  package var mixed: Proportion
  /// By position.
  package var labels: [LabelShare]
  package var positionBias: PositionBias
  /// The share of right choices over all orders, of questions that have a right answer.
  package var singleOrderAccuracy: Measured<Proportion>
  /// Orders, over all questions and runs, in which options scored the same.
  package var tiedOrders: Int
}

/// How far the choices of single orders lean towards some labels.
package struct PositionBias: Codable, Equatable, Sendable {
  /// The total variation distance between how often each label is chosen and how often a model without regard to labels
  /// chooses it: ½·Σ|share − uniform|, from 0 to 1 − 1/labels.
  package var value: Double
  /// The mean of the same where labels are exchanged at random, within a cluster alike: what is to be expected without
  /// any preference, which is above 0, since the distance cannot be below.
  package var expected: Double
  /// The share of such exchanges in which the distance is as large; they and the data count as one more.
  package var pValue: Double
}

/// The token bias of one part in one prompt variant, from choices in single orders.
struct TokenBiasComputation {
  private let runs: [[QuestionChoices]]
  private let part: ItemSubset
  private let questions: [ChoiceQuestion]
  private let prompt: PromptVariant
  private let tail: Double
  private let turns: Int
  private let key: RandomKey
  /// By question, how many orders it is prompted in.
  private let orders: [Int]

  /// - Parameters:
  ///   - runs: By run, what is chosen of all questions.
  ///   - turns: How many random turns of the labels their variation is compared with, drawn from `key`.
  init(
    runs: [[QuestionChoices]], part: ItemSubset, questions: [ChoiceQuestion], prompt: PromptVariant, tail: Double,
    turns: Int, key: RandomKey
  ) {
    (self.runs, self.part, self.questions) = (runs, part, questions)
    (self.prompt, self.tail) = (prompt, tail)
    (self.turns, self.key) = (turns, key.named(part.name))
    orders = questions.map { prompt.orders(of: $0.options.count).count }
  }

  var tokenBias: Measured<TokenBias> {
    let follows = ChoiceFollows.allCases.map { kind in
      proportion { run, question in run[question].follows == kind ? 1 : 0 }.value
    }
    guard let content = follows[0], let label = follows[1], let mixed = follows[2] else {
      return .undefined(reason: "options are not reordered in this wording", n: part.items.count)
    }
    let most = part.items.map { questions[$0].options.count }.max() ?? 0
    return .value(
      TokenBias(
        followsContent: content, labelBias: label, mixed: mixed,
        labels: (0..<most).compactMap(labelShare),
        positionBias: positionBias,
        singleOrderAccuracy: proportion { run, question in
          questions[question].answer.map { answer in shareOfOrders(of: question, run) { $0.option == answer } }
        },
        tiedOrders: part.items.reduce(0) { sum, question in
          sum + runs.reduce(0) { $0 + $1[question].orders.count { $0.isTied } }
        }))
  }

  private var positionBias: PositionBias {
    let positions = part.items.map { question -> [Double]? in
      guard orders[question] > 1 else { return nil }
      return questions[question].options.indices.map { position in
        runs.reduce(0) { $0 + shareOfOrders(of: question, $1) { $0.position == position } }
      }
    }
    return PositionBiasTest(positions, part: part, runs: runs.count).variation(turns: turns, key: key)
  }

  private func labelShare(position: Int) -> LabelShare? {
    func options(_ question: Int) -> Double? {
      let count = questions[question].options.count
      return position < count ? Double(count) : nil
    }
    let share = proportion { run, question in
      options(question).map { _ in shareOfOrders(of: question, run) { $0.position == position } }
    }
    guard let share = share.value else { return nil }
    let counted = part.items.filter { orders[$0] > 1 }.compactMap(options)
    return LabelShare(
      label: prompt.labels?.texts[position] ?? "position \(position + 1)", share: share,
      uniform: counted.reduce(0) { $0 + 1 / $1 } / Double(max(1, counted.count)),
      accuracy: proportion { run, question in
        guard let answer = questions[question].answer, let options = options(question) else { return nil }
        // The right option is in this position in one of n orders, for n options.
        return options * shareOfOrders(of: question, run) { $0.position == position && $0.option == answer }
      })
  }

  /// Over the questions with several orders.
  private func proportion(_ value: (_ run: [QuestionChoices], _ question: Int) -> Double?) -> Measured<Proportion> {
    part.proportion(
      tail: tail, reason: "no question with several orders has a right answer",
      runs: runs.map { run in part.items.map { orders[$0] > 1 ? value(run, $0) : nil } })
  }

  /// The share of a question's orders with some choice.
  private func shareOfOrders(
    of question: Int, _ run: [QuestionChoices], where counts: (QuestionChoices.OrderChoice) -> Bool
  ) -> Double {
    Double(run[question].orders.count(where: counts)) / Double(max(1, orders[question]))
  }
}

/// Tests whether labels are chosen unequally often by turning them.
///
/// To a model without regard to labels it is all one which label stands where, so that its choices are as likely with
/// the labels of a question rotated by any number of positions. Clusters are turned as a whole: what their questions
/// have in common does not count as a preference. Turning, and not any exchange, keeps this true of cyclic orders.
struct PositionBiasTest {
  /// What the questions of a cluster that have some number of options add: how much more often than uniformly each
  /// position is chosen.
  private struct Excess {
    let cluster: Int
    var byPosition: [Double]
  }

  private let excesses: [Excess]
  private let clusters: Int
  /// How many positions there are.
  private let width: Int
  /// Questions times runs.
  private let total: Double

  /// Turns that leave a distance equal may round differently.
  private static let tolerance = 1e-12

  /// - Parameters:
  ///   - positions: By item of the part, how often each position is chosen, summed over runs to `runs`; `nil` if it
  ///     does not count.
  init(_ positions: [[Double]?], part: ItemSubset, runs: Int) {
    struct Stratum: Hashable {
      var cluster: Int
      var options: Int
    }
    var numbers: [Stratum: Int] = [:]
    var excesses: [Excess] = []
    var questions = 0
    for (chosen, cluster) in zip(positions, part.clusters.ofItem) {
      guard let chosen else { continue }
      questions += 1
      let stratum = Stratum(cluster: cluster, options: chosen.count)
      let number = numbers[stratum] ?? excesses.count
      if number == excesses.count {
        numbers[stratum] = number
        excesses.append(Excess(cluster: cluster, byPosition: [Double](repeating: 0, count: chosen.count)))
      }
      let uniform = Double(runs) / Double(chosen.count)
      for (position, count) in chosen.enumerated() { excesses[number].byPosition[position] += count - uniform }
    }
    self.excesses = excesses
    clusters = part.clusters.count
    width = excesses.map(\.byPosition.count).max() ?? 0
    total = Double(max(1, questions * runs))
  }

  /// The distance, and its rank among the distances of `turns` permutations.
  func variation(turns: Int, key: RandomKey) -> PositionBias {
    let value = distance { _ in 0 }
    let turned = concurrentMap(turns) { number in
      var generator = key[.turn][number].generator
      let shares = (0..<clusters).map { _ in generator.uniform() }
      return distance { shares[$0] }
    }
    let asLarge = turned.count { $0 >= value - Self.tolerance }
    return PositionBias(
      value: value, expected: turned.reduce(0, +) / Double(max(1, turns)),
      pValue: Double(asLarge + 1) / Double(turns + 1))
  }

  /// - Parameter turn: By cluster, by what share of all positions it is turned.
  private func distance(turn: (Int) -> Double) -> Double {
    var sums = [Double](repeating: 0, count: width)
    for excess in excesses {
      let options = excess.byPosition.count
      let shift = Int(turn(excess.cluster) * Double(options))
      for (position, value) in excess.byPosition.enumerated() { sums[(position + shift) % options] += value }
    }
    return sums.reduce(0) { $0 + abs($1) } / (2 * total)
  }
}
