import Foundation
import Metrics
package import Report
import Statistics
import Support

extension WindowReport {
  /// One headline, then a line for each finding that matters: what is broken, what has changed, what was judged, and
  /// what to keep in mind.
  package func lines(in language: Language) -> [String] {
    let words = MonitorWords(language: language)
    let measured = judgements.filter { $0.figure != nil }
    func judged(as outcome: Judgement.Outcome) -> [String] {
      measured.filter { $0.outcome == outcome }.map { $0.translated(to: language).line(in: language) }
    }
    var lines = [words.headline(self)] + judged(as: .broken)
    lines += words.lines(of: flagged.filter { $0.subject.newValues == nil })
    lines += newValues.filter(isFlagged).map { words.new($0, head: words.check) }
    lines += groups.filter(\.isUnseen).compactMap(words.unseen)
    lines += judged(as: .insufficient) + unmeasured.map { words.unmeasured($0.count, $0.reason) } + judged(as: .met)
    if !hasPolicy { lines += groups.compactMap { words.accuracy($0, measured: accuracy(of: $0.group)) } }
    lines += missingColumns.map(words.missingColumn)
    if let missingClusters { lines.append(words.missingClusters(missingClusters.column)) }
    if !missingGroups.isEmpty { lines.append(words.missing(missingGroups.map(\.description))) }
    lines += undefinedInputs.map(words.undefined)
    lines += newValues.filter { !isFlagged($0) }.map { words.new($0, head: words.note) }
    lines += drifts.filter { $0.isSlight && $0.group == nil }.compactMap(words.slight)
    if knownItems > 0 { lines.append(words.known(knownItems, of: items)) }
    if labelled > 0, labelled < items { lines.append(words.partlyLabelled(labelled, of: items)) }
    if labelled < items, groups.contains(where: { $0.estimate.value != nil }) { lines.append(words.assumption) }
    return lines.map(\.withoutControlCharacters)
  }

  /// The number of demands without a figure by reason, in the order in which the reasons first appear.
  private var unmeasured: [(reason: String, count: Int)] {
    var found: [(reason: String, count: Int)] = []
    for reason in judgements.filter({ $0.figure == nil }).map({ $0.reason ?? "" }) {
      if let index = found.firstIndex(where: { $0.reason == reason }) {
        found[index].count += 1
      } else {
        found.append((reason, 1))
      }
    }
    return found
  }

  /// The accuracy on the labelled items of a group; nil if it has none.
  func accuracy(of group: GroupName?) -> Proportion? {
    let rates = evaluation?.fairness.arms.first.map { [$0.overSeeds.overall] + $0.overSeeds.groups }
    return rates?.first { $0.group == group }?.accuracy
  }

  /// Whether the share of items with new values is a change that counts, in all items or in a group.
  private func isFlagged(_ new: NewValues) -> Bool { flagged.contains { $0.subject.newValues == new.feature } }

  /// Inputs that could not be compared over all items.
  private var undefinedInputs: [Drift] {
    drifts.filter { drift in
      if case .input = drift.subject { drift.group == nil && drift.finding.value == nil } else { false }
    }
  }
}

/// The text about a window, in one language.
struct MonitorWords {
  let language: Language

  var isEnglish: Bool { language == .english }

  func headline(_ report: WindowReport) -> String {
    let flagged = report.flagged.count + report.unseenGroups.count
    let verdict =
      switch (report.outcome, report.hasPolicy) {
      case (.broken, _): isEnglish ? "alarm: the policy is broken" : "警報：方針に反しています"
      case (.met, _): isEnglish ? "the policy is met" : "方針を満たしています"
      case (.insufficient, let hasPolicy):
        flagged > 0
          ? (isEnglish
            ? "check: \(flagged) \(flagged == 1 ? "change" : "changes") since the audit"
            : "要確認：監査時からの変化が \(flagged) 件あります")
          : !hasPolicy
            ? (isEnglish ? "no alarm; there is no policy to judge by" : "警報なし；判定する方針がありません")
            : report.isMostlyKnown
              ? (isEnglish
                ? "no alarm; most items are the reference's own, which cannot say what has come since"
                : "警報なし；大半が監査時と同じ項目なので、その後のことは判定できません")
              : !report.missingColumns.isEmpty
                ? (isEnglish
                  ? "no alarm; groups could not be checked, for their columns are missing"
                  : "警報なし；グループの列がないため確認できません")
                : report.labelled == 0
                  ? (isEnglish ? "no alarm; without labels no policy is met" : "警報なし；ラベルなしでは方針を満たすと言えません")
                  : (isEnglish ? "no alarm; the data do not suffice for the policy" : "警報なし；方針を判定するにはデータが足りません")
      }
    let counts = [Judgement.Outcome.met, .insufficient, .broken].map { outcome in
      report.judgements.count { $0.outcome == outcome }
    }
    let items =
      isEnglish
      ? "\(WindowReasons.items(report.items)), \(report.labelled) labelled"
      : "\(report.items) 件、うちラベルあり \(report.labelled) 件"
    let judged =
      isEnglish
      ? "\(counts[0]) met, \(counts[1]) without enough data, \(counts[2]) broken"
      : "適合 \(counts[0])、データ不足 \(counts[1])、違反 \(counts[2])"
    let place =
      isEnglish ? "window \(report.series.number) of its series" : "系列の \(report.series.number) 番目"
    return "\(report.file): "
      + ([verdict, items] + (report.hasPolicy ? [judged] : []) + [place]).joined(separator: separator)
  }

  var separator: String { isEnglish ? "; " : "；" }

  func groupLabel(_ group: GroupName?) -> String { group?.description ?? (isEnglish ? "all items" : "全件") }

  func unseen(_ figures: GroupFigures) -> String? {
    figures.group.map { group in
      isEnglish
        ? "check: \(group): \(WindowReasons.items(figures.n)) of a group that was never audited"
        : "要確認：\(group)：監査されていないグループが \(figures.n) 件あります"
    }
  }

  /// "lighting=dusk: accuracy .812 [.764, .858] estimated without labels, .850 at the audit; 120 items"
  func accuracy(_ figures: GroupFigures, measured: Proportion?) -> String? {
    let groupLabel = groupLabel(figures.group)
    let before = figures.referenceAccuracy.value.map {
      isEnglish ? ", \(Judgement.text($0.value)) at the audit" : "、監査時 \(Judgement.text($0.value))"
    }
    if let measured {
      let value = Self.text(measured.value, measured.interval)
      return isEnglish
        ? "\(groupLabel): accuracy \(value)\(before ?? ""); \(measured.n) labelled \(measured.n == 1 ? "item" : "items")"
        : "\(groupLabel)：正解率 \(value)\(before ?? "")；ラベルあり \(measured.n) 件"
    }
    guard let estimate = figures.estimate.value, let interval = estimate.accuracy.interval.value else { return nil }
    let value = Self.text(estimate.accuracy.value, interval)
    return isEnglish
      ? "\(groupLabel): accuracy \(value) estimated without labels\(before ?? ""); \(WindowReasons.items(figures.n))"
      : "\(groupLabel)：ラベルなしの推定正解率 \(value)\(before ?? "")；\(figures.n) 件"
  }

  private static func text(_ value: Double, _ interval: Interval) -> String {
    "\(Judgement.text(value)) [\(Judgement.text(interval.lower)), \(Judgement.text(interval.upper))]"
  }

  func unmeasured(_ count: Int, _ reason: String) -> String {
    isEnglish
      ? "not enough data: \(count) \(count == 1 ? "demand" : "demands"): \(reason)"
      : "データ不足：要件 \(count) 件：\(WindowReasons.text(reason, in: language))"
  }

  func missingColumn(_ column: String) -> String {
    isEnglish
      ? "note: the window has no column \(column), so that its groups cannot be checked"
      : "注意：列 \(column) がないため、そのグループについては何も言えません"
  }

  /// - Parameter column: The name of the reference's column of clusters, where it is known.
  func missingClusters(_ column: String?) -> String {
    let columns = [column, "cluster"].compactMap(\.self)
    let named = (columns.first == columns.last ? ["cluster"] : columns)
    return isEnglish
      ? "note: the window has no column \(named.joined(separator: " or ")), by which items of the reference belong "
        + "together: its items are treated as independent, so that intervals may be too narrow and p-values too small"
      : "注意：監査時の項目をまとめる列 \(named.joined(separator: "、"))"
        + " がないため、項目を独立とみなしています（区間が狭すぎ、検定が敏感すぎる恐れがあります）"
  }

  func missing(_ groups: [String]) -> String {
    let shown = groups.prefix(10).joined(separator: isEnglish ? ", " : "、")
    let more = groups.count > 10 ? (isEnglish ? " and \(groups.count - 10) more" : " ほか \(groups.count - 10)") : ""
    return isEnglish ? "note: there are no items of \(shown)\(more)" : "注意：次のグループは 1 件もありません：\(shown)\(more)"
  }

  func undefined(_ drift: Drift) -> String {
    guard case .undefined(let reason, _) = drift.finding, case .input(let feature) = drift.subject else { return "" }
    return isEnglish
      ? "note: \(feature.name) could not be compared: \(reason)"
      : "注意：\(feature.name) は比較できません：\(WindowReasons.text(reason, in: language))"
  }

  func known(_ count: Int, of items: Int) -> String {
    isEnglish
      ? "note: \(count) of \(items) items are the reference's own; new batches should hold new items"
      : "注意：\(items) 件のうち \(count) 件は監査時と同じものです；新しい期間には新しい項目が必要です"
  }

  func partlyLabelled(_ labelled: Int, of items: Int) -> String {
    isEnglish
      ? "note: judged by the \(labelled) of \(items) items that are labelled, which may not be a random sample of them"
      : "注意：\(items) 件のうちラベルのある \(labelled) 件で判定しました；無作為標本とは限りません"
  }

  var assumption: String {
    isEnglish
      ? "note: what is estimated without labels holds as long as inputs alone change, not where the label of an input does"
      : "注意：ラベルなしの推定は、入力の分布だけが変わる場合に限り有効です（入力に対する正解が変わると成り立ちません）"
  }

  /// A share in percent to a tenth, never 0 or 100 where it is not.
  static func percent(_ share: Double) -> String {
    let tenths = Int((share * 1_000).rounded())
    if tenths == 0, share > 0 { return "< 0.1" }
    if tenths == 1_000, share < 1 { return "> 99.9" }
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// A value of an input: a whole number without decimals, otherwise up to six significant digits, or more where six would
  /// be another value.
  static func plain(_ value: Double) -> String {
    if value == value.rounded(), value.magnitude < 1e15 { return "\(Int(value))".replacing("-", with: "−") }
    let six = String(format: "%.6g", value)
    let text = Double(six).map { abs($0 - value) <= 1e-9 * abs(value) } == true ? six : "\(value)"
    return text.replacing("-", with: "−")
  }

  /// A value with three significant digits.
  static func rough(_ value: Double) -> String { String(format: "%.3g", value).replacing("-", with: "−") }

  /// How many examples of new values are shown.
  static let mostExamples = 3

  /// A cell, cut where it is long: it may hold a whole text.
  static func short(_ text: String) -> String { text.count > 40 ? "\(text.prefix(39))…" : text }

  static func probability(_ value: Double) -> String { value < 0.001 ? "< 0.001" : Judgement.text(value) }
}

extension MonitorWords {
  /// A line for each change. Where all items have changed, the groups that have changed too are named in the same line.
  func lines(of flagged: [Drift]) -> [String] {
    flagged.compactMap { drift -> String? in
      let together = flagged.filter { $0.subject == drift.subject && drift.subject != .share }
      guard let whole = together.first(where: { $0.group == nil }) else { return line(drift) }
      guard drift == whole else { return nil }
      let groups = together.compactMap(\.group)
      return line(drift) + (groups.isEmpty ? "" : also(groups.map(\.description)))
    }
  }

  private func also(_ groups: [String]) -> String {
    let shown = groups.prefix(8).joined(separator: isEnglish ? ", " : "、")
    let more = groups.count > 8 ? (isEnglish ? " and \(groups.count - 8) more" : " ほか \(groups.count - 8)") : ""
    return isEnglish ? "; also in \(shown)\(more)" : "；次のグループでも：\(shown)\(more)"
  }

  /// "check: lighting=dusk: age has shifted: up to 37: 52.0 % → 31.5 % of items; median 36.2 → 41.7
  /// (Kolmogorov–Smirnov 0.205, corrected p < 0.001; stability …)"
  private func line(_ drift: Drift) -> String {
    guard let finding = drift.finding.value else { return "" }
    let head = isEnglish ? "\(check): \(groupLabel(drift.group)): " : "\(check)：\(groupLabel(drift.group))："
    let changes = changes(finding, isScore: drift.subject == .score).joined(separator: separator)
    return head + change(drift.subject) + (changes.isEmpty ? "" : (isEnglish ? ": " : "：") + changes)
      + (isEnglish ? " (" : "（") + details(finding).joined(separator: separator) + (isEnglish ? ")" : "）")
  }

  private func details(_ finding: Drift.Finding) -> [String] {
    var details: [String] = []
    switch finding.test {
    case .kolmogorovSmirnov:
      details.append((isEnglish ? "Kolmogorov–Smirnov " : "コルモゴロフ・スミルノフ ") + Judgement.text(finding.effect))
    case .chiSquared: details.append((isEnglish ? "total variation " : "全変動 ") + Judgement.text(finding.effect))
    case .score, .fisherExact: break
    }
    details.append((isEnglish ? "corrected p " : "補正後の p ") + Self.probability(finding.adjustedPValue))
    if let stability = finding.stability {
      let (value, expected) = (Judgement.text(stability.value), Judgement.text(stability.expectedWithoutDrift))
      details.append(
        isEnglish
          ? "stability index \(value), \(expected) expected without drift" : "安定度指数 \(value)（変化がない場合の期待値 \(expected)）")
    }
    return details
  }

  /// What differs: a share, the shares of values where there are few, or the share of items up to where the distributions
  /// are furthest apart, with the medians where these differ.
  private func changes(_ finding: Drift.Finding, isScore: Bool) -> [String] {
    func change(_ before: Double, _ after: Double) -> String {
      isEnglish
        ? "\(Self.percent(before)) %, now \(Self.percent(after)) %"
        : "\(Self.percent(before)) % → \(Self.percent(after)) %"
    }
    if let before = finding.before, let after = finding.after, [.score, .fisherExact].contains(finding.test) {
      return [change(before, after)]
    }
    if !finding.values.isEmpty {
      return finding.values.map { share in
        "\(Self.short(share.value)): \(change(share.before, share.after))"
      }
    }
    guard let distance = finding.movement?.distance, let location = distance.location else { return [] }
    let value = isScore ? Judgement.text(location) : Self.plain(location)
    let shares = change(distance.firstShare, distance.secondShare)
    var changes = [isEnglish ? "up to \(value): \(shares) of items" : "\(value) 以下：\(shares)"]
    if let before = finding.before, let after = finding.after {
      let medians = isScore ? (Judgement.text(before), Judgement.text(after)) : (Self.plain(before), Self.plain(after))
      if medians.0 != medians.1 {
        changes.append(
          isEnglish ? "median \(medians.0), now \(medians.1)" : "中央値 \(medians.0) → \(medians.1)")
      }
    }
    return changes
  }

  var check: String { isEnglish ? "check" : "要確認" }
  var note: String { isEnglish ? "note" : "注意" }

  /// Values that no item of the reference has.
  func new(_ new: NewValues, head: String) -> String {
    let examples = new.values.prefix(Self.mostExamples).map { "\"\(Self.short($0))\"" }
    let count = new.values.count
    let more = count - examples.count
    let name = new.feature.name
    if isEnglish {
      let listed = examples.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
      let has = "\(new.items) of \(WindowReasons.items(new.of)) \(new.items == 1 ? "has" : "have")"
      return new.isNoNumber
        ? "\(head): \(name): \(has) no number, and every item of the reference has one: \(listed); if these are "
          + "codes, say --categorical \(name)"
        : "\(head): \(name): \(has) \(count == 1 ? "a value" : "one of \(count) values") that no item of the reference has: "
          + listed
    }
    let listed = examples.joined(separator: "、") + (more > 0 ? " ほか \(more) 種" : "")
    return new.isNoNumber
      ? "\(head)：\(name)：\(new.of) 件のうち \(new.items) 件は数値ではありません（監査時はすべて数値）：\(listed)；"
        + "コードなら --categorical \(name) を指定してください"
      : "\(head)：\(name)：\(new.of) 件のうち \(new.items) 件は監査時にない値（\(count) 種）です：\(listed)"
  }

  /// A change of many values by next to nothing.
  func slight(_ drift: Drift) -> String? {
    guard let finding = drift.finding.value, let movement = finding.movement else { return nil }
    let (slack, left) = (Self.rough(movement.slack), Judgement.text(movement.distanceWithSlack))
    let head = change(drift.subject)
    return isEnglish
      ? "\(note): \(head) (Kolmogorov–Smirnov \(Judgement.text(finding.effect))), but by next to nothing: \(left) is left if "
        + "values that differ by up to \(slack) count as equal; not counted as a change"
      : "\(note)：\(head)（コルモゴロフ・スミルノフ \(Judgement.text(finding.effect))）が、ごくわずかです："
        + "差が \(slack) 以下の値を同じとみなすと \(left)；変化に数えません"
  }

  private func change(_ subject: Drift.Subject) -> String {
    switch subject {
    case .share: isEnglish ? "its share of the items has changed" : "件数の割合が変わりました"
    case .score: isEnglish ? "the model's log-odds have shifted" : "モデルの対数オッズの分布が変わりました"
    case .input(let feature): isEnglish ? "\(feature.name) has shifted" : "\(feature.name) の分布が変わりました"
    case .missing(let feature):
      isEnglish ? "\(feature.name) is missing for another share of the items" : "\(feature.name) の欠損の割合が変わりました"
    case .unseen(let feature):
      isEnglish ? "\(feature.name) has values that no item of the reference has" : "\(feature.name) に監査時にない値があります"
    case .notNumber(let feature):
      isEnglish ? "\(feature.name) has values that are no numbers" : "\(feature.name) に数値でない値があります"
    }
  }
}

extension Drift.Subject {
  /// The input whose new values this is about; nil for everything else.
  fileprivate var newValues: InputFeature? {
    switch self {
    case .unseen(let feature), .notNumber(let feature): feature
    case .share, .score, .input, .missing: nil
    }
  }
}

extension [WindowReport] {
  /// The last line of all windows: what their correction counts, and where their series is kept.
  ///
  /// - Parameter file: That of the series.
  package func seriesLine(keptIn file: String, in language: Language) -> String {
    let own = filter(\.series.isNew)
    let numbers = Set(own.map(\.series.number)).sorted()
    let again = count - own.count
    var parts: [String] = []
    if let first = numbers.first, let last = numbers.last, let position = own.first?.series {
      let level = MonitorWords.rough(100 * position.level)
      switch language {
      case .english:
        let windows = first == last ? "window \(first)" : "windows \(first) to \(last), judged together,"
        let demands = position.demands == 0 ? "" : ", and as much for each demand of the policy (\(position.demands))"
        parts.append(
          "\(windows) may spend \(level) of the 5 % of false alarms that the whole series may give, for \(position.changes) "
            + "figures\(demands)")
      case .japanese:
        let windows = first == last ? "\(first) 番目" : "\(first)〜\(last) 番目（まとめて判定）"
        let demands = position.demands == 0 ? "" : "、方針の要件 \(position.demands) 件のそれぞれにも同じだけ"
        parts.append("\(windows)：系列全体の誤警報 5 % のうち \(level) % を、数値 \(position.changes) 件\(demands)割り当てました")
      }
    }
    if again > 0 {
      parts.append(
        language == .english
          ? "\(again) \(again == 1 ? "window was" : "windows were") judged before and \(again == 1 ? "keeps its" : "keep their") verdict"
          : "\(again) 件は判定済みで、判定は変わりません")
    }
    parts.append(language == .english ? "the series is kept in \(file)" : "系列の記録：\(file)")
    return (language == .english ? "series: " : "系列：") + parts.joined(separator: language == .english ? "; " : "；")
  }
}

/// Why a window does not suffice for a demand: written in English, shown in the language of the lines.
enum WindowReasons {
  static let oneModel = "a window has a single model, so there is no other arm to compare it with"
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

  /// - Parameter pValue: The corrected one.
  static func byChance(_ pValue: Double) -> String {
    "its own interval lies beyond the limit, but so many windows show as much by chance: corrected p "
      + Judgement.text(pValue)
  }

  static func noSuchGroup(_ group: GroupName) -> String { "the reference has no group \(group.selector)" }

  private static let patterns = [
    ReasonPattern([
      "its own interval lies beyond the limit, but so many windows show as much by chance: corrected p ",
      "",
    ]) { "この期間だけの区間は基準を外れていますが、期間の数を考えると偶然の範囲です：補正後の p \($0[0])" },
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
  private static func count(_ items: Substring) -> String {
    "\(items.prefix { $0.isNumber }) \(items.contains("cluster") ? "クラスター" : "件")"
  }

  /// The reason in a language; one without a translation stays as it is.
  static func text(_ reason: String, in language: Language) -> String {
    guard language == .japanese else { return reason }
    return japanese[reason] ?? patterns.lazy.compactMap { $0.sentence(for: reason) }.first
      ?? GateReasons.text(reason, in: language)
  }

  /// "1 cluster", "3 clusters".
  static func clusters(_ count: Int) -> String { "\(count) \(count == 1 ? "cluster" : "clusters")" }

  /// "1 item", "3 items".
  static func items(_ count: Int) -> String { ItemCount.text(count, "item") }
}

extension Judgement {
  /// The same with its reason in another language.
  func translated(to language: Language) -> Judgement {
    Judgement(
      arm: arm, group: group, rule: rule, outcome: outcome, figure: figure,
      reason: reason.map { WindowReasons.text($0, in: language) })
  }
}
