internal import Metrics
internal import Report
import Statistics

extension MonitorWords {
  /// A line for each change; where all items have changed, the groups that have are named in its line.
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

  /// "check: lighting=dusk: the scores have shifted: median −1.2, now .4 (distance .21, Holm p < .001; stability .31, …)"
  private func line(_ drift: Drift) -> String {
    guard let finding = drift.finding.value else { return "" }
    let p = Self.probability(finding.adjustedPValue)
    let isShare = finding.test == .score || finding.test == .fisherExact
    let levels = zip([finding.before].compactMap(\.self), [finding.after].compactMap(\.self)).map { before, after in
      isShare
        ? (isEnglish
          ? "\(Self.percent(before)) %, now \(Self.percent(after)) %"
          : "\(Self.percent(before)) % → \(Self.percent(after)) %")
        : (isEnglish
          ? "median \(Judgement.text(before)), now \(Judgement.text(after))"
          : "中央値 \(Judgement.text(before)) → \(Judgement.text(after))")
    }
    var details: [String] = []
    switch finding.test {
    case .kolmogorovSmirnov:
      details.append((isEnglish ? "Kolmogorov–Smirnov " : "コルモゴロフ・スミルノフ ") + Judgement.text(finding.effect))
    case .chiSquared: details.append((isEnglish ? "total variation " : "全変動 ") + Judgement.text(finding.effect))
    case .score, .fisherExact: break
    }
    details.append("Holm p \(p)")
    if let stability = finding.stability {
      let (value, expected) = (Judgement.text(stability.value), Judgement.text(stability.expectedWithoutDrift))
      details.append(
        isEnglish
          ? "stability index \(value), \(expected) expected without drift" : "安定度指数 \(value)（変化がない場合の期待値 \(expected)）")
    }
    let head = isEnglish ? "check: \(place(drift.group)): " : "要確認：\(place(drift.group))："
    return head + ([change(drift.subject)] + levels).joined(separator: isEnglish ? ": " : "：")
      + (isEnglish ? " (" : "（") + details.joined(separator: separator) + (isEnglish ? ")" : "）")
  }

  private func change(_ subject: Drift.Subject) -> String {
    switch subject {
    case .share: isEnglish ? "its share of the items has changed" : "件数の割合が変わりました"
    case .score: isEnglish ? "the model's log-odds have shifted" : "モデルの対数オッズの分布が変わりました"
    case .input(let feature): isEnglish ? "\(feature.name) has shifted" : "\(feature.name) の分布が変わりました"
    case .missing(let feature):
      isEnglish ? "\(feature.name) is missing for another share of the items" : "\(feature.name) の欠損の割合が変わりました"
    }
  }
}
