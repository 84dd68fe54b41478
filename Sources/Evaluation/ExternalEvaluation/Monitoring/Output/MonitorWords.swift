internal import Metrics
package import Report
internal import Statistics

extension WindowReport {
  /// One headline, then a line for each finding that matters: what is broken, what has changed, what was judged, and what
  /// to keep in mind.
  package func lines(in language: Language) -> [String] {
    let words = MonitorWords(language: language)
    let measured = judgements.filter { $0.figure != nil }
    func told(as outcome: Judgement.Outcome) -> [String] {
      measured.filter { $0.outcome == outcome }.map { $0.translated(to: language).line(in: language) }
    }
    var lines = [words.headline(self)] + told(as: .broken)
    lines += words.lines(of: flagged)
    lines += groups.filter(\.isUnseen).compactMap(words.unseen)
    lines += told(as: .insufficient) + unmeasured.map { words.unmeasured($0.count, $0.reason) } + told(as: .met)
    if !hasPolicy { lines += groups.compactMap { words.accuracy($0, measured: accuracy(of: $0.group)) } }
    lines += missingColumns.map(words.missingColumn)
    if let missingClusters { lines.append(words.missingClusters(missingClusters.column)) }
    if !missingGroups.isEmpty { lines.append(words.missing(missingGroups.map(\.description))) }
    lines += undefinedInputs.map(words.undefined)
    if knownItems > 0 { lines.append(words.known(knownItems, of: items)) }
    if labelled > 0, labelled < items { lines.append(words.partlyLabelled(labelled, of: items)) }
    if labelled < items, groups.contains(where: { $0.estimate.value != nil }) { lines.append(words.assumption) }
    return lines.map(\.withoutControlCharacters)
  }

  /// Demands without a figure, by the reason, in the order in which reasons first come.
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

  /// Of the labelled items of a group; nil without any.
  func accuracy(of group: GroupName?) -> Proportion? {
    let rates = evaluation?.fairness.arms.first.map { [$0.overSeeds.overall] + $0.overSeeds.groups }
    return rates?.first { $0.group == group }?.accuracy
  }

  /// Inputs that could not be compared over all items.
  private var undefinedInputs: [Drift] {
    drifts.filter { drift in
      if case .input = drift.subject { drift.group == nil && drift.finding.value == nil } else { false }
    }
  }
}

/// What is printed of a window.
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
    return "\(report.file): " + ([verdict, items] + (report.hasPolicy ? [judged] : [])).joined(separator: separator)
  }

  var separator: String { isEnglish ? "; " : "；" }

  func place(_ group: GroupName?) -> String { group?.description ?? (isEnglish ? "all items" : "全件") }

  func unseen(_ figures: GroupFigures) -> String? {
    figures.group.map { group in
      isEnglish
        ? "check: \(group): \(WindowReasons.items(figures.n)) of a group that was never audited"
        : "要確認：\(group)：監査されていないグループが \(figures.n) 件あります"
    }
  }

  /// "lighting=dusk: accuracy .812 [.764, .858] estimated without labels, .850 at the audit; 120 items"
  func accuracy(_ figures: GroupFigures, measured: Proportion?) -> String? {
    let place = place(figures.group)
    let before = figures.referenceAccuracy.value.map {
      isEnglish ? ", \(Judgement.text($0.value)) at the audit" : "、監査時 \(Judgement.text($0.value))"
    }
    if let measured {
      let value = Self.text(measured.value, measured.interval)
      return isEnglish
        ? "\(place): accuracy \(value)\(before ?? ""); \(measured.n) labelled \(measured.n == 1 ? "item" : "items")"
        : "\(place)：正解率 \(value)\(before ?? "")；ラベルあり \(measured.n) 件"
    }
    guard let estimate = figures.estimate.value, let interval = estimate.accuracy.interval.value else { return nil }
    let value = Self.text(estimate.accuracy.value, interval)
    return isEnglish
      ? "\(place): accuracy \(value) estimated without labels\(before ?? ""); \(WindowReasons.items(figures.n))"
      : "\(place)：ラベルなしの推定正解率 \(value)\(before ?? "")；\(figures.n) 件"
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
      ? "note: the window has no column \(column), so that nothing is said of its groups"
      : "注意：列 \(column) がないため、そのグループについては何も言えません"
  }

  /// - Parameter column: what the reference calls its clusters, where that is known.
  func missingClusters(_ column: String?) -> String {
    let columns = [column, "cluster"].compactMap(\.self)
    let named = (columns.first == columns.last ? ["cluster"] : columns)
    return isEnglish
      ? "note: the window has no column \(named.joined(separator: " or ")), by which items of the reference belong "
        + "together: its items are taken for independent ones, so that intervals may be too narrow and tests too sure"
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

  static func percent(_ share: Double) -> String {
    let tenths = Int((share * 1_000).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  static func probability(_ value: Double) -> String { value < 0.001 ? "< 0.001" : Judgement.text(value) }
}
