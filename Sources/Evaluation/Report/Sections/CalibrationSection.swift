import Metrics
import Statistics

extension AuditReport {
  /// How far confidence can be trusted, for every arm and group.
  var calibrationSection: Section {
    Section(
      anchor: "calibration", title: "Calibration",
      body: """
        <p class="note">Confidence is the probability of the predicted class, the top label. Exploratory: described, \
        not decided upon.</p>\(calibrationOverview)\(positiveCalibrationOverview)
        <figure><figcaption>Accuracy against mean confidence in 15 bins, in percent, with 95 % intervals; predictions \
        of all seeds together. On the dashed line confidence is right; below it the arm is over-confident. Grey bars \
        count the predictions of each bin, scaled to the fullest.</figcaption></figure>
        \(fairness.arms.map(diagrams))
        """)
  }

  private func diagrams(_ arm: ArmEvaluation) -> HTML {
    let diagrams = arm.calibration.all.map {
      ReliabilityDiagram(calibration: $0, style: style(of: arm.arm), lowestConfidence: classNames.count == 2 ? 0.5 : 0)
        .html
    }
    return "<h3>\(armLabel(arm.arm))</h3><div class=\"multiples reliability\">\(diagrams)</div>"
  }

  /// The rows of a table of calibration: all items and every group, an arm each.
  ///
  /// - Parameter cells: those behind the names of group and arm; the row is 0 for all items.
  func calibrationRows(_ cells: (ArmEvaluation, CalibrationEvaluation, _ row: Int) -> HTML) -> [HTML] {
    let calibrations = fairness.arms.map { $0.calibration.all }
    return (calibrations.first ?? []).indices.flatMap { row in
      fairness.arms.enumerated().map { index, arm -> HTML in
        let calibration = calibrations[index][row]
        let name: HTML =
          index == 0
          ? """
          <th scope="rowgroup" class="text" rowspan="\(fairness.arms.count)">\
          \(calibration.group?.description ?? "all items")</th>
          """ : .empty
        return """
          <tr\(index == 0 ? " class=\"start\"" as HTML : .empty)>\(name)<td class="text">\(armLabel(arm.arm))</td>\
          \(cells(arm, calibration, row))</tr>
          """
      }
    }
  }

  private var calibrationOverview: HTML {
    var notes = Footnotes(prefix: "calibration")
    let rows = calibrationRows { arm, calibration, row in
      """
      <td class="text">\(confidenceText(calibration.signedGap))</td>\
      <td>\(notes.cell(calibration.debiasedSquaredError, squaredError))</td>\
      <td>\(Figures.percent(calibration.expectedCalibrationError.value)) <span class="range">\
      (\(Figures.percent(calibration.expectedUnderPerfectCalibration)) expected)</span>\
      <small>classwise \(Figures.percent(calibration.classwiseError.value))</small></td>\
      <td>\(Figures.fixed(calibration.brier.parts.score, digits: 3))</td>\
      <td>\(notes.cell(calibration.negativeLogLikelihood) { "\(Figures.fixed($0.value, digits: 3))" })</td>\
      <td>\(notes.cell(arm.temperature) { rescaledText($0, row: row) })</td>
      """
    }
    return Table.html(
      caption: """
        The expected calibration error is above 0 even for a perfectly calibrated model; what it would be then stands \
        beside it. The debiased squared error is in thousandths and may be negative. The Brier score is that of \
        confidence against being right; its parts and the error in bins of equal mass are in tables/calibration.csv. The \
        classwise error is the mean over classes, each against all others. The last column divides all logits by one temperature a run, fitted to the validation items: a remedy that changes no \
        prediction.
        """,
      head: Table.head(
        [
          "Group", "Arm", "Confidence minus accuracy, points", "Debiased squared error, ×1000",
          "Expected calibration error, %", "Brier score", "Log loss, nats",
          "Rescaled: error, gap, log loss",
        ], textColumns: 3),
      body: rows.joined(), footnotes: notes)
  }

  private func rescaledText(_ temperature: TemperatureEvaluation, row: Int) -> HTML {
    let rescaled = row == 0 ? temperature.overall : temperature.groups[row - 1]
    let mean = temperature.temperatures.reduce(0, +) / Double(max(1, temperature.temperatures.count))
    let limits = TemperatureScaling.range
    let capped = temperature.temperatures.filter { $0 == limits.lowerBound || $0 == limits.upperBound }
    let bounds = Set(capped).sorted().map { Figures.fixed($0, digits: $0 < 1 ? 2 : 0) }
    let cap =
      capped.isEmpty
      ? ""
      : ", \(capped.count) of \(Figures.count(temperature.temperatures.count, "run", "runs")) at the cap of "
        + "\(bounds.listed): the validation items cannot tell"
    let small: HTML = row == 0 ? "<small>temperature \(Figures.fixed(mean, digits: 2))\(cap)</small>" : .empty
    return """
      \(Figures.percent(rescaled.expectedCalibrationError)), \(Figures.points(rescaled.signedGap)), \
      \(rescaled.negativeLogLikelihood.value.map { Figures.fixed($0, digits: 3) } ?? "undefined")\(small)
      """
  }

  /// "over-confident by 6.1 points [4.0, 8.3]", or that the interval holds both.
  private func confidenceText(_ gap: Estimate) -> HTML {
    let size = Figures.percent(gap.value.magnitude)
    let side = gap.value >= 0 ? "over-confident by \(size)" : "under-confident by \(size)"
    guard let interval = gap.interval.value else { return "\(side) <span class=\"range\">(no interval)</span>" }
    let words = interval.contains(0) ? "\(Figures.points(gap.value)), not told from 0" : side
    return "\(words) <span class=\"range\">\(Figures.points(interval))</span>"
  }

  func squaredError(_ estimate: Estimate) -> HTML {
    let value = Figures.fixed(estimate.value * 1_000, digits: 1)
    guard let interval = estimate.interval.value else { return "\(value) <span class=\"range\">(no interval)</span>" }
    let bounds = [interval.lower, interval.upper].map { Figures.fixed($0 * 1_000, digits: 1) }
    return "\(value) <span class=\"range\">[\(bounds.joined(separator: ", "))]</span>"
  }
}
