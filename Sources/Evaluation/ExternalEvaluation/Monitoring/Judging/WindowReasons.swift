internal import Metrics
internal import Report

/// Why a window does not suffice for a demand; they are shown in the language of the lines, and written in English.
enum WindowReasons {
  static let oneModel = "a window has one model alone, and none to compare it with"
  static let noAttack = "membership inference is not measured on a window"
  static let noItems = "the window has no items of it"
  static let noLabels = "it cannot be measured without labels"
  static let estimated = "estimated without labels"
  static let borrowed =
    "estimated without labels from the confidence of all items, the reference having too few items or errors of the group"

  private static let japanese = [
    oneModel: "比較の相手がこの期間にはありません",
    noAttack: "メンバー推論攻撃はここでは測りません",
    noItems: "このグループは 1 件もありません",
    noLabels: "ラベルなしでは測れません",
    "no item is labelled": "ラベルのある項目がありません",
    "the reference has no items of it": "監査時には 1 件もありません",
    "numbers and text are compared": "数値と文字列は比較できません",
    "one category, or only rare ones": "カテゴリーが 1 つか、まれなものだけです",
    estimated: "ラベルなしの推定",
    borrowed: "監査時の件数が少ないため全件の確信度から推定",
  ]

  static func noSuchGroup(_ group: GroupName) -> String { "the reference has no group \(group.selector)" }

  private static let patterns = [
    ReasonPattern(["the reference has no group ", ""]) { "監査時にグループ \($0[0]) はありません" },
    ReasonPattern(["", " in the window; ", " are needed"]) { "この期間には \(count($0[0])) しかありません（\($0[1]) 件が必要）" },
    ReasonPattern(["", " in the reference; ", " are needed"]) { "監査時には \(count($0[0])) しかありません（\($0[1]) 件が必要）" },
    ReasonPattern(["the window has no column ", ""]) { "この期間のファイルに列 \($0[0]) がありません" },
    ReasonPattern(["the window has no column ", " in ", ""]) { "\($0[1]) に列 \($0[0]) がありません" },
    ReasonPattern(["the reference has no column ", " in ", "; name its manifest with --reference-manifest"]) {
      "監査時の \($0[1]) に列 \($0[0]) がありません。マニフェストを --reference-manifest で指定してください"
    },
    ReasonPattern(["the reference has no column ", " in ", ""]) { "監査時の \($0[1]) に列 \($0[0]) がありません" },
    ReasonPattern(["an image of the reference cannot be read: ", "; name its manifest with --reference-manifest"]) {
      "監査時の画像が読めません（\($0[0])）。マニフェストを --reference-manifest で指定してください"
    },
    ReasonPattern(["an image of the reference cannot be read: ", ""]) { "監査時の画像が読めません（\($0[0])）" },
    ReasonPattern(["an image of the window cannot be read: ", ""]) { "この期間の画像が読めません（\($0[0])）" },
    ReasonPattern([
      "the reference is right for ", " items and wrong for ", "; ",
      " of each are needed to tell how errors depend on confidence",
    ]) { "監査時の正解 \($0[0]) 件、誤り \($0[1]) 件では確信度と誤りの関係がわかりません（各 \($0[2]) 件が必要）" },
  ]

  /// "3 items" as a count.
  private static func count(_ items: Substring) -> String { "\(items.prefix { $0.isNumber }) 件" }

  /// The reason in a language; one that has no translation stays as it is.
  static func text(_ reason: String, in language: Language) -> String {
    guard language == .japanese else { return reason }
    return japanese[reason] ?? patterns.lazy.compactMap { $0.sentence(for: reason) }.first
      ?? GateReasons.text(reason, in: language)
  }

  /// "1 item", "3 items".
  static func items(_ count: Int) -> String { "\(count) \(count == 1 ? "item" : "items")" }
}

extension Judgement {
  /// The same with its reason in another language.
  func translated(to language: Language) -> Judgement {
    Judgement(
      arm: arm, group: group, rule: rule, outcome: outcome, figure: figure,
      reason: reason.map { WindowReasons.text($0, in: language) })
  }
}
