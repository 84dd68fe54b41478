package import Statistics

/// The mean training loss of every epoch of one run, and the loss of the validation items meanwhile.
package struct RunLosses: Equatable, Sendable {
  package var arm: String
  /// The seed of a run; `nil` for a shadow model.
  package var seed: Int?
  /// The number of a shadow model of its arm; `nil` for a run.
  package var model: Int?
  package var epochs: [Double]
  /// The loss of the validation items at every tenth of the steps, the last point at the end; empty for a shadow model,
  /// and where it was not measured.
  package var validation: [ValidationCurve.Point]
  /// The step whose gradient was not finite: the predictions use the parameters before it. `nil` if there was
  /// none.
  package var divergedAt: Int?

  package init(
    arm: String, seed: Int?, model: Int?, epochs: [Double], validation: [ValidationCurve.Point] = [],
    divergedAt: Int? = nil
  ) {
    self.divergedAt = divergedAt
    self.validation = validation
    self.arm = arm
    self.seed = seed
    self.model = model
    self.epochs = epochs
  }

  /// "full, seed 13" or "full, shadow model 3".
  var runText: String {
    "\(arm), \(seed.map { "seed \($0)" } ?? model.map { "shadow model \($0)" } ?? "one run")"
  }
}

/// A loss that is not finite is written as undefined, with its epoch from 1 as `n`. The key `diverged_at` is left out
/// for a run that did not diverge.
extension RunLosses: Codable {
  private enum CodingKeys: CodingKey {
    case arm, seed, model, epochs, validation, divergedAt
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      arm: try container.decode(String.self, forKey: .arm), seed: try container.decode(Int?.self, forKey: .seed),
      model: try container.decode(Int?.self, forKey: .model),
      epochs: try container.decode([Double].self, forKey: .epochs),
      validation: try container.decode([ValidationCurve.Point].self, forKey: .validation),
      divergedAt: try container.decodeIfPresent(Int.self, forKey: .divergedAt))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(arm, forKey: .arm)
    try container.encode(seed, forKey: .seed)
    try container.encode(model, forKey: .model)
    let written = epochs.enumerated().map { epoch, loss -> Measured<Double> in
      loss.isFinite ? .value(loss) : .undefined(reason: "the figure is not finite", n: epoch + 1)
    }
    try container.encode(written, forKey: .epochs)
    try container.encode(validation, forKey: .validation)
    if let divergedAt { try container.encode(divergedAt, forKey: .divergedAt) }
  }
}

extension AuditReport {
  /// Training loss by epoch, a panel an arm, then validation loss.
  var lossesSection: Section {
    var names: [String] = []
    for run in losses where !names.contains(run.arm) { names.append(run.arm) }
    let finite = losses.flatMap(\.epochs).filter(\.isFinite)
    let epochs = losses.map(\.epochs.count).max() ?? 0
    guard !names.isEmpty, epochs > 0 else { return Section(anchor: "losses", title: "Training loss", body: .empty) }
    let ends = epochs > 1 ? [0, epochs - 1] : [0]
    let panels = names.map { name in
      LossCurves(
        arm: name, style: style(of: name), title: "Training loss of \(name)",
        runs: losses.filter { $0.arm == name }.map { run in
          LossCurves.Run(points: run.epochs.enumerated().map { (Double($0), $1) }, isShadow: run.seed == nil)
        }, extent: finite, columns: 0...Double(max(1, epochs - 1)), labels: ends.map { (Double($0), "\($0 + 1)") },
        axis: "epoch"
      ).html
    }
    let infinite = losses.filter { !$0.epochs.allSatisfy(\.isFinite) }.map(\.runText)
    let note: HTML =
      infinite.isEmpty ? .empty : "<p class=\"note\">Loss not finite, and so not drawn: \(infinite.listed).</p>"
    return Section(
      anchor: "losses", title: validationCurves.isEmpty ? "Training loss" : "Training and validation loss",
      body: """
        <figure><figcaption>Mean loss of every epoch, a line a seed; grey: shadow models.</figcaption>\
        <div class="multiples losses">\(panels)</div></figure>\(note)\(validationLossFigure)
        """)
  }

  /// A note on runs that diverged, wherever figures of their arms appear.
  var divergenceNote: HTML {
    let diverged = losses.filter { $0.divergedAt != nil }
    guard !diverged.isEmpty else { return .empty }
    let runs = diverged.map { "\($0.runText) at step \($0.divergedAt ?? 0)" }
    return """
      <p class="note">Diverged, because a gradient was not finite: \(runs.listed). Their predictions are those of the \
      parameters before that step: every figure of these arms rests on runs that broke off.</p>
      """
  }
}

/// Losses during training of the runs of one arm: one line per seed, shadow models as thin lines below.
struct LossCurves {
  struct Run {
    var points: [(x: Double, loss: Double)]
    var isShadow: Bool
  }

  var arm: String
  var style: ArmStyle
  var title: String
  var runs: [Run]
  /// The losses that all panels cover.
  var extent: [Double]
  /// What the horizontal axis covers, its labels and its title.
  var columns: ClosedRange<Double>
  var labels: [(x: Double, text: String)]
  var axis: String

  private static let (width, height) = (248.0, 178.0)
  private static let (left, right, top, bottom) = (38.0, 240.0, 26.0, 142.0)

  var html: HTML {
    let y = LinearScale(
      covering: extent + [0], within: 0...Double.greatestFiniteMagnitude, minimumSpan: 1e-6, from: Self.bottom,
      to: Self.top, tickCount: 3)
    let span = columns.upperBound - columns.lowerBound
    func x(_ column: Double) -> Double {
      Self.left + 6 + (Self.right - Self.left - 12) * (column - columns.lowerBound) / (span > 0 ? span : 1)
    }
    let digits = y.step < 0.0099 ? 3 : y.step < 0.099 ? 2 : y.step < 0.99 ? 1 : 0
    let lines = (runs.filter(\.isShadow) + runs.filter { !$0.isShadow }).map { run -> HTML in
      let points = run.points.filter(\.loss.isFinite).map { (x($0.x), y.position($0.loss)) }
      let line = Marks.line(points, class: "curve thin \(run.isShadow ? "shadow" : style.className)")
      guard !run.isShadow else { return line }
      return line + points.map { Marks.point(x: $0.0, y: $0.1, style: style, size: 2.4) }.joined()
    }
    let labels = labels.map { label -> HTML in
      "<text class=\"tick\" x=\"\(x(label.x))\" y=\"\(Self.bottom + 16)\" text-anchor=\"middle\">\(label.text)</text>"
    }
    return Axes.drawing(
      width: Self.width, height: Self.height, title: title,
      """
      <text class="direct \(style.className)" x="\(Self.left)" y="14">\(arm.shortened(to: 24))</text>\
      \(Axes.vertical(y, left: Self.left, right: Self.right) { Figures.fixed($0, digits: digits) })\(lines)\(labels)\
      <text class="axis" x="\((Self.left + Self.right) / 2)" y="\(Self.bottom + 32)" text-anchor="middle">\(axis)</text>
      """)
  }
}

extension AuditReport {
  /// One row for every run and epoch, epochs numbered from 1.
  func lossesTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(header: ["arm", "seed", "model", "epoch", "loss", "loss_undefined"])
    for run in losses {
      for (epoch, loss) in run.epochs.enumerated() {
        table.append(
          [run.arm, run.seed.map { String($0) } ?? "", run.model.map { String($0) } ?? "", String(epoch + 1)]
            + [Field.number(loss), loss.isFinite ? "" : "the loss is not finite"])
      }
    }
    return table
  }
}
