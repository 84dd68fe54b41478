internal import Datasets
internal import Metrics
internal import Report
internal import Statistics

extension [WindowReport] {
  /// `monitor.csv`: one row a window and group. An undefined figure leaves its cells empty.
  package func table() -> [UInt8] {
    var writer = CommaSeparatedValuesWriter(header: [
      "window", "column", "value", "unseen", "n", "labelled", "reference_share", "share", "share_p_adjusted",
      "score_distance", "score_p_adjusted", "score_stability", "score_stability_expected", "estimated_accuracy",
      "estimated_accuracy_lower", "estimated_accuracy_upper", "estimated_accuracy_undefined", "reference_accuracy",
      "accuracy", "accuracy_lower", "accuracy_upper", "selection_rate", "selection_rate_lower", "selection_rate_upper",
      "flagged", "outcome",
    ])
    for window in self {
      for figures in window.groups { writer.append(window.row(of: figures)) }
    }
    return writer.bytes
  }
}

extension WindowReport {
  fileprivate func row(of figures: GroupFigures) -> [String] {
    func finding(_ subject: Drift.Subject) -> Drift.Finding? {
      drifts.first { $0.group == figures.group && $0.subject == subject }?.finding.value
    }
    let (share, score) = (finding(.share), finding(.score))
    let judged = judgements.filter { $0.group == figures.group?.selector }.map(\.outcome).max()
    return [file, figures.group?.column ?? "", figures.group?.value ?? "all", "\(figures.isUnseen)"]
      + ["\(figures.n)", "\(figures.labelled)"]
      + [share?.before, share?.after, share?.adjustedPValue, score?.effect, score?.adjustedPValue].map(Self.text)
      + [score?.stability?.value, score?.stability?.expectedWithoutDrift].map(Self.text)
      + estimate(figures.estimate) + [Self.text(figures.referenceAccuracy.value?.value)]
      + proportion(accuracy(of: figures.group)) + proportion(figures.selectionRate.value)
      + ["\(flagged.count { $0.group == figures.group })", judged?.rawValue ?? ""]
  }

  private func proportion(_ proportion: Proportion?) -> [String] {
    [proportion?.value, proportion?.interval.lower, proportion?.interval.upper].map(Self.text)
  }

  private func estimate(_ estimate: Measured<LabelFreeEstimate>) -> [String] {
    switch estimate {
    case .undefined(let reason, _): return ["", "", "", reason]
    case .value(let estimate):
      let accuracy = estimate.accuracy
      guard case .undefined(let reason, _) = accuracy.interval else {
        return [accuracy.value, accuracy.interval.value?.lower, accuracy.interval.value?.upper].map(Self.text) + [""]
      }
      return [Self.text(accuracy.value), "", "", reason]
    }
  }

  /// The shortest digits that read back as the same Float64; empty where there is none.
  private static func text(_ value: Double?) -> String { value.flatMap { $0.isFinite ? "\($0)" : nil } ?? "" }
}
