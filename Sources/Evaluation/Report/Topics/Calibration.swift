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
  /// - Parameter cells: The cells after the names of group and arm; the row is 0 for all items.
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
    let size = Figures.size(gap.value)
    let side = gap.value >= 0 ? "over-confident by \(size)" : "under-confident by \(size)"
    guard let interval = gap.interval.value else { return "\(side) <span class=\"range\">(no interval)</span>" }
    let words = interval.contains(0) ? "\(Figures.points(gap.value)), not significantly different from 0" : side
    return "\(words) <span class=\"range\">\(Figures.points(interval))</span>"
  }

  func squaredError(_ estimate: Estimate) -> HTML {
    let value = Figures.fixed(estimate.value * 1_000, digits: 1)
    guard let interval = estimate.interval.value else { return "\(value) <span class=\"range\">(no interval)</span>" }
    let bounds = [interval.lower, interval.upper].map { Figures.fixed($0 * 1_000, digits: 1) }
    return "\(value) <span class=\"range\">[\(bounds.joined(separator: ", "))]</span>"
  }
}

extension AuditReport {
  /// How far the probability of the positive class can be trusted; empty unless there are two classes, one of them
  /// positive.
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

/// Accuracy against confidence by bin for one arm and one group, with the counts of the bins below.
struct ReliabilityDiagram {
  var calibration: CalibrationEvaluation
  var style: ArmStyle
  /// The confidence that a guess among the classes has: none is lower.
  var lowestConfidence: Double

  private static let (width, height) = (170.0, 212.0)
  private static let (left, right, top, bottom) = (30.0, 158.0, 22.0, 162.0)
  private static let (countTop, countBottom) = (170.0, 196.0)

  var html: HTML {
    let x = LinearScale(sharesFrom: lowestConfidence, from: Self.left, to: Self.right)
    let y = LinearScale(from: Self.bottom, to: Self.top)
    let title = calibration.group?.description ?? "all items"
    let bins = calibration.reliability.filter { $0.count > 0 }
    let most = Double(max(1, bins.map(\.count).max() ?? 1))
    let counts = bins.map { bin -> HTML in
      let (start, end) = (x.position(bin.lower), x.position(bin.upper))
      let height = (Self.countBottom - Self.countTop) * Double(bin.count) / most
      return """
        <rect class="count" x="\(start + 0.5)" y="\(Self.countBottom - height)" \
        width="\(max(0.5, end - start - 1))" height="\(height)"/>
        """
    }
    let points = bins.compactMap { bin -> (x: Double, y: Double, interval: Interval?)? in
      guard let confidence = bin.meanConfidence.value, let accuracy = bin.accuracy.value,
        confidence.isFinite, accuracy.value.isFinite
      else { return nil }
      return (x.position(confidence), y.position(accuracy.value), accuracy.interval.value)
    }
    let marks = points.map { point -> HTML in
      let whisker: HTML =
        if let interval = point.interval {
          """
          <line class="whisker thin \(style.className)" x1="\(point.x)" x2="\(point.x)" \
          y1="\(y.position(interval.lower))" y2="\(y.position(interval.upper))"/>
          """
        } else {
          .empty
        }
      return whisker + Marks.point(x: point.x, y: point.y, style: style, size: 2.8)
    }
    return Axes.drawing(
      width: Self.width, height: Self.height, title: "Reliability, \(title)",
      """
      <text class="panel" x="\(Self.left)" y="12">\(title.shortened(to: 13)) <tspan class="quiet">n \
      \(Figures.count(calibration.n))</tspan></text>\
      \(Axes.vertical(y, left: Self.left, right: Self.right) { Figures.fixed($0 * 100, digits: 0) })\
      <line class="diagonal" x1="\(Self.left)" y1="\(y.position(x.domain.lowerBound))" \
      x2="\(Self.right)" y2="\(Self.top)"/>\
      \(Marks.line(points.map { ($0.x, $0.y) }, class: "curve thin \(style.className)"))\(marks)\(counts)\
      \(tickLabels(x))
      """)
  }

  private func tickLabels(_ x: LinearScale) -> HTML {
    x.ticks.map { tick -> HTML in
      """
      <text class="tick" x="\(x.position(tick))" y="\(Self.countBottom + 13)" \
      text-anchor="middle">\(Figures.fixed(tick * 100, digits: 0))</text>
      """
    }.joined()
  }
}

extension AuditReport {
  /// One row for every arm, over all items and in every group.
  func calibrationTable() -> CommaSeparatedTable {
    let bounds = ["", "lower", "upper"]
    var table = CommaSeparatedTable(
      header: ["arm", "column", "group", "n", "seeds", "confidence"]
        + Field.header("expected_calibration_error", bounds)
        + ["expected_under_perfect_calibration"] + Field.header("debiased_squared_error", bounds)
        + ["mean_confidence", "accuracy"]
        + ["signed_gap", "equal_mass_error", "classwise_error", "negative_log_likelihood", "multiclass_brier", "brier"]
        .flatMap { Field.header($0, bounds) }
        + ["brier_reliability", "brier_resolution", "brier_uncertainty", "brier_within_bin_variance"]
        + ["brier_within_bin_covariance"]
        + Field.header("temperature", ["", "expected_calibration_error", "negative_log_likelihood", "signed_gap"])
        + Self.positiveHeader)
    for (arm, calibration, rescaled) in calibrations {
      let brier = calibration.brier
      table.append(
        [arm] + Field.group(calibration.group) + [
          String(calibration.n), String(calibration.seeds), CalibrationEvaluation.confidence,
        ]
          + Field.estimate(.value(calibration.expectedCalibrationError))
          + [Field.number(calibration.expectedUnderPerfectCalibration)]
          + Field.estimate(calibration.debiasedSquaredError)
          + [Field.number(calibration.meanConfidence), Field.number(calibration.accuracy)]
          + [
            .value(calibration.signedGap), .value(calibration.equalMassError), .value(calibration.classwiseError),
            calibration.negativeLogLikelihood, .value(calibration.multiclassBrier),
            .value(Estimate(value: brier.parts.score, interval: brier.interval)),
          ].flatMap { (figure: Measured<Estimate>) in Field.estimate(figure) }
          + [
            brier.parts.reliability, brier.parts.resolution, brier.parts.uncertainty, brier.parts.withinBinVariance,
            brier.parts.withinBinCovariance,
          ].map(Field.number)
          + Self.fields(rescaled) + calibration.positive.fields)
    }
    return table
  }

  /// A log loss that is undefined leaves its own cell empty; the others stand.
  private static func fields(_ rescaled: Measured<Rescaling>) -> [String] {
    guard let found = rescaled.value else { return Field.measured(rescaled, 4) { _ in [] } }
    let (figures, loss) = (found.rescaled, found.rescaled.negativeLogLikelihood)
    return [Field.number(found.mean), Field.number(figures.expectedCalibrationError)]
      + [loss.value.map(Field.number) ?? "", Field.number(figures.signedGap), loss.reason ?? ""]
  }

  private static let positiveHeader =
    Field.header("positive_expected_calibration_error", ["", "lower", "upper"])
    + ["positive_expected_under_perfect_calibration"]
    + Field.header("positive_debiased_squared_error", ["", "lower", "upper"])
    + ["positive_mean_probability", "positive_base_rate"]
    + ["positive_signed_gap", "positive_equal_mass_error"].flatMap { Field.header($0, ["", "lower", "upper"]) }

  /// One row for every arm, all items and every group, and bin.
  func reliabilityTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "column", "group", "bin_lower", "bin_upper", "count"]
        + Field.header("mean_confidence", [""]) + Field.header("accuracy", ["", "lower", "upper"]))
    for (arm, calibration, _) in calibrations {
      for bin in calibration.reliability {
        table.append(
          [arm] + Field.group(calibration.group) + [Field.number(bin.lower), Field.number(bin.upper)]
            + [String(bin.count)] + Field.measured(bin.meanConfidence, 1) { [Field.number($0)] }
            + Field.estimate(bin.accuracy))
      }
    }
    return table
  }

  /// Figures after rescaling, with the temperature (the mean over runs).
  private struct Rescaling: Equatable, Sendable {
    let mean: Double
    let rescaled: TemperatureEvaluation.Rescaled
  }

  private var calibrations: [(arm: String, calibration: CalibrationEvaluation, rescaled: Measured<Rescaling>)] {
    fairness.arms.flatMap { arm in
      arm.calibration.all.enumerated().map { row, calibration in
        let rescaled = arm.temperature.map { temperature in
          Rescaling(
            mean: temperature.temperatures.reduce(0, +) / Double(max(1, temperature.temperatures.count)),
            rescaled: row == 0 ? temperature.overall : temperature.groups[row - 1])
        }
        return (arm.arm, calibration, rescaled)
      }
    }
  }
}

extension Measured<PositiveCalibration> {
  /// The fields of the columns `positive_…`.
  fileprivate var fields: [String] {
    func number(_ part: KeyPath<PositiveCalibration, Double>) -> String {
      value.map { Field.number($0[keyPath: part]) } ?? ""
    }
    func estimate(_ part: (PositiveCalibration) -> Measured<Estimate>) -> [String] {
      switch self {
      case .value(let value): Field.estimate(part(value))
      case .undefined(let reason, let n): Field.estimate(.undefined(reason: reason, n: n))
      }
    }
    return estimate { .value($0.expectedCalibrationError) } + [number(\.expectedUnderPerfectCalibration)]
      + estimate(\.debiasedSquaredError) + [number(\.meanProbability), number(\.baseRate)]
      + estimate { .value($0.signedGap) } + estimate { .value($0.equalMassError) }
  }
}
