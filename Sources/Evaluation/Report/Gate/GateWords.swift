/// What is printed of a gate, in the languages that decisions are made in.
package enum Language: String, Sendable, CaseIterable {
  case english = "en"
  case japanese = "ja"
}

extension GateOutcome {
  /// One line for the whole, then one for each judgement, the worst first.
  package func lines(in language: Language) -> [String] {
    [headline(in: language)] + worstFirst.map { $0.line(in: language) }
  }

  /// "the policy is met (chosen afterwards)"
  package func headline(in language: Language) -> String {
    let counts = [Judgement.Outcome.met, .insufficient, .broken].map { outcome in
      judgements.count { $0.outcome == outcome }
    }
    switch language {
    case .english:
      let verdict =
        switch outcome {
        case .met: "the policy is met"
        case .broken: "the policy is broken"
        case .insufficient: "the data do not suffice for the policy"
        }
      let details = "\(counts[0]) met, \(counts[1]) without enough data, \(counts[2]) broken"
      let people = [policy.owner.map { "owner: \($0)" }, policy.deadline.map { "deadline: \($0)" }].compactMap(\.self)
      return ([verdict + (isChosenAfterwards ? ", which was chosen afterwards" : ""), details] + people)
        .joined(separator: "; ")
    case .japanese:
      let verdict =
        switch outcome {
        case .met: "方針を満たしています"
        case .broken: "方針に反しています"
        case .insufficient: "方針を判定するにはデータが足りません"
        }
      let details = "適合 \(counts[0])、データ不足 \(counts[1])、違反 \(counts[2])"
      let people = [policy.owner.map { "責任者：\($0)" }, policy.deadline.map { "期限：\($0)" }].compactMap(\.self)
      return ([verdict + (isChosenAfterwards ? "（方針は結果の後に選ばれたもの）" : ""), details] + people)
        .joined(separator: "；")
    }
  }
}

extension Judgement {
  /// "broken: lora-r2, lighting=dusk: accuracy .61 [.55, .67], at least .70 was demanded"
  package func line(in language: Language) -> String {
    let place = "\(arm), \(group ?? (language == .english ? "all items" : "全件"))"
    switch language {
    case .english:
      let verdict =
        switch outcome {
        case .met: "met"
        case .broken: "broken"
        case .insufficient: "not enough data"
        }
      return "\(verdict): \(place): \(rule.metric.english)\(measured ?? " is undefined"), "
        + rule.demand.english(digits: digits) + (reason.map { " (\($0))" } ?? "")
    case .japanese:
      let verdict =
        switch outcome {
        case .met: "適合"
        case .broken: "違反"
        case .insufficient: "データ不足"
        }
      return "\(verdict)：\(place)：\(rule.metric.japanese)\(measured ?? "は未定義")、"
        + rule.demand.japanese(digits: digits) + (reason.map { "（\(GateReasons.text($0, in: language))）" } ?? "")
    }
  }

  private var measured: String? {
    figure.map { figure in
      let texts = [figure.value, figure.lower, figure.upper].map { Self.text($0, digits: digits) }
      return " \(texts[0]) [\(texts[1]), \(texts[2])]"
    }
  }

  /// Three decimals, or as many more as it takes to tell a bound from the limit that it is judged by.
  private var digits: Int {
    guard let figure else { return 3 }
    let limit =
      switch rule.demand {
      case .atLeast(let limit), .atMost(let limit): limit
      case .margin(let margin): -margin
      }
    func isTold(_ bound: Double, _ digits: Int) -> Bool {
      bound == limit || Self.text(bound, digits: digits) != Self.text(limit, digits: digits)
    }
    return (3...9).first { isTold(figure.lower, $0) && isTold(figure.upper, $0) } ?? 9
  }

  /// Decimals, and a true minus sign; what is no share or difference of shares as it is.
  package static func text(_ value: Double, digits count: Int = 3) -> String {
    guard value.magnitude < 1e6 else { return value < 0 ? "−\(value.magnitude)" : "\(value)" }
    let unit = (0..<count).reduce(1) { unit, _ in unit * 10 }
    let scaled = Int((value * Double(unit)).rounded())
    let digits = "\(abs(scaled) % unit)"
    let sign = scaled < 0 ? "−" : ""
    return "\(sign)\(abs(scaled) / unit).\(String(repeating: "0", count: count - digits.count))\(digits)"
  }
}

extension Policy.Metric {
  fileprivate var english: String {
    switch self {
    case .accuracy: "accuracy"
    case .truePositiveRate: "true positive rate"
    case .falsePositiveRate: "false positive rate"
    case .selectionRate: "selection rate"
    case .precision: "precision"
    case .f1: "F1"
    case .signedGap: "confidence minus accuracy"
    case .attackArea: "area under the attack's curve"
    }
  }

  fileprivate var japanese: String {
    switch self {
    case .accuracy: "正解率"
    case .truePositiveRate: "真陽性率"
    case .falsePositiveRate: "偽陽性率"
    case .selectionRate: "選択率"
    case .precision: "適合率"
    case .f1: "F1"
    case .signedGap: "確信度と正解率の差"
    case .attackArea: "メンバー推論攻撃の曲線下面積"
    }
  }
}

extension Policy.Demand {
  fileprivate func english(digits: Int) -> String {
    switch self {
    case .atLeast(let limit): "at least \(Judgement.text(limit, digits: digits)) is demanded"
    case .atMost(let limit): "at most \(Judgement.text(limit, digits: digits)) is demanded"
    case .margin(let margin): "no more than \(Judgement.text(margin, digits: digits)) below the reference is demanded"
    }
  }

  fileprivate func japanese(digits: Int) -> String {
    switch self {
    case .atLeast(let limit): "要件は \(Judgement.text(limit, digits: digits)) 以上"
    case .atMost(let limit): "要件は \(Judgement.text(limit, digits: digits)) 以下"
    case .margin(let margin): "要件は基準からの低下 \(Judgement.text(margin, digits: digits)) 以内"
    }
  }
}
