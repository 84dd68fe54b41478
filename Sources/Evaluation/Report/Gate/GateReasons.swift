/// Why data do not suffice, in words; written in English, and shown in the language of the lines.
package enum GateReasons {
  static let pooled = "it was too small to stand alone and was evaluated together with others"

  /// "1 item, minimum 50"
  package static func tooFew(_ count: Int, minimum: Int) -> String {
    "\(count) \(count == 1 ? "item" : "items"), minimum \(minimum)"
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
    ReasonPattern(["", " item, minimum ", ""]) { "\($0[0]) 件、最小 \($0[1]) 件" },
    ReasonPattern(["there is no arm ", ""]) { "手法 \($0[0]) はありません" },
    ReasonPattern(["there is no group ", ""]) { "グループ \($0[0]) はありません" },
    ReasonPattern(["", " is not compared with another arm"]) { "\($0[0]) は他の手法と比較されていません" },
    ReasonPattern(["undefined for ", " of ", " seeds"]) { "\($0[1]) シード中 \($0[0]) で未定義です" },
    ReasonPattern(["the figure is undefined in ", " of ", " resamples"]) { "\($0[1]) 回の再標本中 \($0[0]) 回で未定義です" },
    ReasonPattern(["there are ", " classes, more than ", ""]) { "クラスが \($0[0]) あり、上限の \($0[1]) を超えます" },
  ]

  /// The reason in a language; one that has no translation stays as it is.
  package static func text(_ reason: String, in language: Language) -> String {
    guard language == .japanese else { return reason }
    return japanese[reason] ?? patterns.lazy.compactMap { $0.sentence(for: reason) }.first ?? reason
  }
}

/// A reason of which parts change, such as "3 items, minimum 50", and what it is in another language.
package struct ReasonPattern: Sendable {
  private let parts: [String]
  private let translated: @Sendable ([Substring]) -> String

  /// - Parameters:
  ///   - parts: what stands before, between and behind what changes; two or more.
  ///   - translated: the sentence, given what changes.
  package init(_ parts: [String], translated: @escaping @Sendable ([Substring]) -> String) {
    (self.parts, self.translated) = (parts, translated)
  }

  /// The sentence; nil where the reason is of another form.
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
