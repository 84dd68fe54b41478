internal import Fairness
internal import Gate

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
    estimated: "ラベルなしの推定",
    borrowed: "監査時の件数が少ないため全件の確信度から推定",
  ]

  static func text(_ reason: String, in language: Language) -> String {
    language == .japanese ? japanese[reason] ?? reason : reason
  }
}

extension GroupName {
  /// As the gate names groups, the column always with it.
  var judged: String { ResultsFigures.Group(column: column, value: value).description }
}

extension Judgement {
  /// The same with its reason in another language.
  func translated(to language: Language) -> Judgement {
    Judgement(
      arm: arm, group: group, rule: rule, outcome: outcome, figure: figure,
      reason: reason.map { WindowReasons.text($0, in: language) })
  }
}
