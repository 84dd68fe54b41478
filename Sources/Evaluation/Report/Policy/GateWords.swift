import Support

/// The printed lines of a gate, in English and Japanese.
package enum Language: String, Sendable, CaseIterable {
  case english = "en"
  case japanese = "ja"
}

extension GateOutcome {
  /// One line for the whole, then one for each judgement, the worst first.
  package func lines(in language: Language) -> [String] {
    [headline(in: language)] + worstFirst.map { $0.line(in: language) }
  }

  /// "the policy is met, which was chosen afterwards; 3 met, …"
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
    let subject = "\(arm), \(group ?? (language == .english ? "all items" : "全件"))"
    switch language {
    case .english:
      let verdict =
        switch outcome {
        case .met: "met"
        case .broken: "broken"
        case .insufficient: "not enough data"
        }
      return "\(verdict): \(subject): \(figureName(in: language))\(measured ?? " is undefined"), "
        + rule.demand.english(digits: digits) + (reason.map { " (\($0))" } ?? "")
    case .japanese:
      let verdict =
        switch outcome {
        case .met: "適合"
        case .broken: "違反"
        case .insufficient: "データ不足"
        }
      return "\(verdict)：\(subject)：\(figureName(in: language))\(measured ?? "は未定義")、"
        + rule.demand.japanese(digits: digits) + (reason.map { "（\(GateReasons.text($0, in: language))）" } ?? "")
    }
  }

  /// What the figure is: for a margin, the difference from the reference.
  private func figureName(in language: Language) -> String {
    let isDifference = if case .margin = rule.demand { true } else { false }
    return switch language {
    case .english: isDifference ? "difference in \(rule.metric.english)" : rule.metric.english
    case .japanese: isDifference ? "\(rule.metric.japanese)の差" : rule.metric.japanese
    }
  }

  private var measured: String? {
    figure.map { figure in
      let texts = [figure.value, figure.lower, figure.upper].map { Self.text($0, digits: digits(of: $0)) }
      return " \(texts[0]) [\(texts[1]), \(texts[2])]"
    }
  }

  private var limit: Double {
    switch rule.demand {
    case .atLeast(let limit), .atMost(let limit): limit
    case .margin(let margin): -margin
    }
  }

  private static func differs(_ value: Double, from other: Double, digits: Int) -> Bool {
    value == other || text(value, digits: digits) != text(other, digits: digits)
  }

  /// Three decimals, or as many more as it takes for a value that is not the limit, 0 or 1 not to read like it.
  private func digits(of value: Double) -> Int {
    let others = rule.demand.isMargin ? [limit] : [limit, 0, 1]
    return (3...9).first { digits in others.allSatisfy { Self.differs(value, from: $0, digits: digits) } } ?? 9
  }

  /// Three decimals of the limit, or as many more as a bound that is close to it has.
  private var digits: Int {
    guard let figure else { return 3 }
    return [figure.lower, figure.upper].compactMap { bound in
      (3...9).first { Self.differs(bound, from: limit, digits: $0) }
    }.max() ?? 3
  }

  /// A number with a fixed number of decimals and a true minus sign; one above a million as Swift prints it.
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
  fileprivate var isMargin: Bool { if case .margin = self { true } else { false } }

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

/// Why data do not suffice, in words: written in English, shown in the language of the lines.
package enum GateReasons {
  static let pooled = "it was too small to stand alone and was evaluated together with others"

  /// "1 item, minimum 50"
  package static func tooFew(_ count: Int, minimum: Int) -> String {
    "\(ItemCount.text(count, "item")), minimum \(minimum)"
  }

  /// "3 clusters, minimum 10"
  package static func tooFewClusters(_ count: Int, minimum: Int) -> String {
    "\(ItemCount.text(count, "cluster")), minimum \(minimum)"
  }

  private static let japanese = [
    pooled: "単独では件数が足りず、他のグループとまとめて評価されました",
    "membership inference was not measured": "メンバー推論は測定されていません",
    "it has no interval": "区間がありません",
    "undefined": "未定義です",
    "no items": "1 件もありません",
    "no positives": "陽性の項目がありません",
    "no negatives": "陰性の項目がありません",
    "no class is declared positive": "陽性とするクラスが決められていません",
    "nothing is predicted positive": "陽性と予測された項目がありません",
    "nothing is labelled or predicted positive": "正解も予測も陽性の項目がありません",
    "one cluster says nothing about variation": "クラスターが 1 つではばらつきがわかりません",
    "fewer than two items cannot be debiased": "2 件未満ではバイアスを除けません",
    "most resamples have no members or no non-members": "再標本の大半にメンバーまたは非メンバーがありません",
  ]

  private static let patterns = [
    ReasonPattern(["", " items, minimum ", ""]) { "\($0[0]) 件、最小 \($0[1]) 件" },
    ReasonPattern(["", " clusters, minimum ", ""]) { "クラスター \($0[0]) 個、最小 \($0[1]) 個" },
    ReasonPattern(["", " cluster, minimum ", ""]) { "クラスター \($0[0]) 個、最小 \($0[1]) 個" },
    ReasonPattern(["", " item, minimum ", ""]) { "\($0[0]) 件、最小 \($0[1]) 件" },
    ReasonPattern(["there is no arm ", ""]) { "手法 \($0[0]) はありません" },
    ReasonPattern(["there is no group ", ""]) { "グループ \($0[0]) はありません" },
    ReasonPattern(["", " is not compared with another arm"]) { "\($0[0]) は他の手法と比較されていません" },
    ReasonPattern(["undefined for ", " of ", " seeds"]) { "\($0[1]) シード中 \($0[0]) で未定義です" },
    ReasonPattern(["the figure is undefined in ", " of ", " resamples"]) { "\($0[1]) 回の再標本中 \($0[0]) 回で未定義です" },
    ReasonPattern(["there are ", " classes, more than ", ""]) { "クラスが \($0[0]) あり、上限の \($0[1]) を超えます" },
  ]

  /// The reason in a language; one without a translation stays as it is.
  package static func text(_ reason: String, in language: Language) -> String {
    guard language == .japanese else { return reason }
    return japanese[reason] ?? patterns.lazy.compactMap { $0.sentence(for: reason) }.first ?? reason
  }
}

/// A reason with parts that change, such as "3 items, minimum 50", and what it is in another language.
package struct ReasonPattern: Sendable {
  private let parts: [String]
  private let translated: @Sendable ([Substring]) -> String

  /// - Parameters:
  ///   - parts: The constant texts before, between and after the parts that change; two or more.
  ///   - translated: the sentence, given what changes.
  package init(_ parts: [String], translated: @escaping @Sendable ([Substring]) -> String) {
    (self.parts, self.translated) = (parts, translated)
  }

  /// The sentence; nil if the reason is of another form.
  package func sentence(for reason: String) -> String? {
    guard let first = parts.first, let last = parts.last, reason.hasPrefix(first) else { return nil }
    var rest = reason.dropFirst(first.count)
    var found: [Substring] = []
    for part in parts.dropFirst().dropLast() {
      guard let range = rest.firstRange(of: part) else { return nil }
      found.append(rest[..<range.lowerBound])
      rest = rest[range.upperBound...]
    }
    guard rest.hasSuffix(last) else { return nil }
    return translated(found + [rest.dropLast(last.count)])
  }
}
