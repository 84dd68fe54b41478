import Statistics
import Support

/// What the choices in single orders give of one part in one wording.
struct TokenBiasComputation {
  private let runs: [[QuestionChoices]]
  private let part: ItemSubset
  private let questions: [ChoiceQuestion]
  private let wording: Wording
  private let tail: Double
  private let turns: Int
  private let key: RandomKey
  /// By question, how many orders it is asked in.
  private let orders: [Int]

  /// - Parameters:
  ///   - runs: By run, what is chosen of all questions.
  ///   - turns: How many random turns of the labels their variation is compared with, drawn from `key`.
  init(
    runs: [[QuestionChoices]], part: ItemSubset, questions: [ChoiceQuestion], wording: Wording, tail: Double,
    turns: Int, key: RandomKey
  ) {
    (self.runs, self.part, self.questions) = (runs, part, questions)
    (self.wording, self.tail) = (wording, tail)
    (self.turns, self.key) = (turns, key.named(part.name))
    orders = questions.map { wording.orders(of: $0.options.count).count }
  }

  var tokenBias: Measured<TokenBias> {
    let follows = ChoiceFollows.allCases.map { kind in
      proportion { question in Double(runs.count { $0[question].follows == kind }) }.value
    }
    guard let content = follows[0], let label = follows[1], let mixed = follows[2] else {
      return .undefined(reason: "options are not reordered in this wording", n: part.members.count)
    }
    let most = part.members.map { questions[$0].options.count }.max() ?? 0
    return .value(
      TokenBias(
        followsContent: content, followsLabel: label, mixed: mixed,
        labels: (0..<most).compactMap(labelShare),
        labelVariation: labelVariation,
        singleOrderAccuracy: proportion { question in
          questions[question].answer.map { answer in shareOfOrders(of: question) { $0.option == answer } }
        },
        tiedOrders: part.members.reduce(0) { sum, question in
          sum + runs.reduce(0) { $0 + $1[question].orders.count { $0.isTied } }
        }))
  }

  private var labelVariation: LabelVariation {
    let positions = part.members.map { question -> [Double]? in
      guard orders[question] > 1 else { return nil }
      return questions[question].options.indices.map { position in
        shareOfOrders(of: question) { $0.position == position }
      }
    }
    return LabelVariationComputation(positions, part: part, runs: runs.count).variation(turns: turns, key: key)
  }

  private func labelShare(position: Int) -> LabelShare? {
    func options(_ question: Int) -> Double? {
      let count = questions[question].options.count
      return position < count ? Double(count) : nil
    }
    let share = proportion { question in
      options(question).map { _ in shareOfOrders(of: question) { $0.position == position } }
    }
    guard let share = share.value else { return nil }
    let counted = part.members.filter { orders[$0] > 1 }.compactMap(options)
    return LabelShare(
      label: wording.labels?.texts[position] ?? "position \(position + 1)", share: share,
      uniform: counted.reduce(0) { $0 + 1 / $1 } / Double(max(1, counted.count)),
      accuracy: proportion { question in
        guard let answer = questions[question].answer, let options = options(question) else { return nil }
        // The right option stands in this position in one of as many orders as there are options.
        return options * shareOfOrders(of: question) { $0.position == position && $0.option == answer }
      })
  }

  /// Over the questions with several orders.
  private func proportion(_ value: (Int) -> Double?) -> Measured<Proportion> {
    part.proportion(
      runs: runs.count, tail: tail, reason: "no question with several orders has a right answer",
      values: part.members.map { orders[$0] > 1 ? value($0) : nil })
  }

  /// Summed over the runs, the share of a question's orders with some choice.
  private func shareOfOrders(
    of question: Int, where counts: (QuestionChoices.OrderChoice) -> Bool
  ) -> Double {
    runs.reduce(0) { $0 + Double($1[question].orders.count(where: counts)) } / Double(max(1, orders[question]))
  }
}
