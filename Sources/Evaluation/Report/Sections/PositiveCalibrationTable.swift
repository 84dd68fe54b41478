import Metrics
import Statistics

extension AuditReport {
  /// How far the probability of the positive class can be trusted; nothing but for two classes, one of them positive.
  var positiveCalibrationOverview: HTML {
    var notes = Footnotes(prefix: "positive-calibration")
    let calibrations = fairness.arms.flatMap { $0.calibration.all }
    guard calibrations.contains(where: { $0.positive.value != nil }) else { return .empty }
    let rows = calibrationRows { _, calibration, _ in
      """
      <td>\(notes.cell(calibration.positive) { "\(Figures.percent($0.meanProbability))" })</td>\
      <td>\(notes.cell(calibration.positive) { "\(Figures.percent($0.baseRate))" })</td>\
      <td>\(notes.cell(calibration.positive) { gapText($0.signedGap) })</td>\
      <td>\(notes.cell(calibration.positive.flattened(\.debiasedSquaredError), squaredError))</td>\
      <td>\(notes.cell(calibration.positive) { errorText($0) })</td>
      """
    }
    return Table.html(
      caption: """
        Of the positive class\(positiveClass.map { ", “\($0)”" } ?? ""): its probability, whatever is predicted, \
        against the share of items that are of it. Where the first lies above the second, too much is expected of it.
        """,
      head: Table.head(
        [
          "Group", "Arm", "Mean probability, %", "Share, %", "Probability minus share, points",
          "Debiased squared error, ×1000", "Expected calibration error, %",
        ], textColumns: 2),
      body: rows.joined(), footnotes: notes)
  }

  private func gapText(_ gap: Estimate) -> HTML {
    guard let interval = gap.interval.value else {
      return "\(Figures.points(gap.value)) <span class=\"range\">(no interval)</span>"
    }
    return "\(Figures.points(gap.value)) <span class=\"range\">\(Figures.points(interval))</span>"
  }

  private func errorText(_ calibration: PositiveCalibration) -> HTML {
    """
    \(Figures.percent(calibration.expectedCalibrationError.value)) <span class="range">\
    (\(Figures.percent(calibration.expectedUnderPerfectCalibration)) expected)</span>
    """
  }
}

extension Measured {
  /// A part that may be undefined itself.
  fileprivate func flattened<Part>(_ part: (Value) -> Measured<Part>) -> Measured<Part> {
    switch self {
    case .value(let value): part(value)
    case .undefined(let reason, let n): .undefined(reason: reason, n: n)
    }
  }
}
