package import Statistics

/// Whether an arm was still improving when training ended: its figures are then those of the schedule, and a comparison
/// with an arm that was trained to its best is not fair.
package struct ArmImprovement: Codable, Equatable, Sendable {
  package var arm: String
  /// Whether the validation loss of most runs was still falling; undefined where no run can say.
  package var verdict: Measured<Bool>
  package var runs: [Run]

  /// The end of one run's validation curve.
  package struct Run: Codable, Equatable, Sendable {
    package var seed: Int
    package var fall: Measured<ValidationCurve.LateFall>
  }
}

extension ArmImprovement {
  /// - Parameter losses: those of the arm's runs, which have a seed.
  init(arm: String, _ losses: [RunLosses]) {
    self.arm = arm
    runs = losses.compactMap { run in run.seed.map { Run(seed: $0, fall: run.lateFall) } }
    verdict = ValidationCurve.stillFalling(runs.map(\.fall))
  }

  var isStillImproving: Bool { verdict.value == true }

  /// The runs of which it can be said, and those of them that were still improving.
  private var known: [ValidationCurve.LateFall] { runs.compactMap(\.fall.value) }

  /// "3 of 3 runs".
  var runText: String {
    "\(known.count(where: \.stillFalling)) of \(Figures.count(known.count, "run", "runs"))"
  }

  /// The share of the whole fall that the last fifth of the steps brought, in percent and over the runs that were still
  /// improving: "14 to 26 %".
  var shareText: String {
    let sorted = known.filter(\.stillFalling).compactMap(\.share).sorted().map { Figures.fixed($0 * 100, digits: 0) }
    guard let least = sorted.first, let most = sorted.last else { return "" }
    return least == most ? "\(least) %" : "\(least) to \(most) %"
  }

  /// What the first page, the terminal, `gate` and `compare` say of an arm that was still improving.
  func warning(in language: Language) -> String {
    switch language {
    case .english:
      "\(arm) was still improving when training ended: in \(runText) the last fifth of the steps brought \(shareText) of "
        + "the fall of the validation loss. Its figures may be those of the schedule, not of the method; "
        + "let search choose rates and epochs."
    case .japanese:
      "\(arm)は学習終了時にまだ改善中でした（\(known.count)回中\(known.count(where: \.stillFalling))回で、"
        + "検証損失の低下の\(shareText.replacing(" to ", with: "〜"))が最後の5分の1のステップによる）。"
        + "数値は手法ではなく学習設定によるものかもしれません。searchで学習率とエポック数を選んでください。"
    }
  }
}

extension RunLosses {
  /// The end of its validation curve; undefined for a run that diverged.
  var lateFall: Measured<ValidationCurve.LateFall> {
    if let divergedAt {
      return .undefined(reason: "the run diverged at step \(divergedAt)", n: validation.count)
    }
    return ValidationCurve(validation).lateFall
  }
}

extension Results {
  /// A sentence for each arm that was still improving when training ended.
  ///
  /// - Parameter arms: those that matter; all if nil.
  package func improvementWarnings(in language: Language, among arms: Set<String>? = nil) -> [String] {
    stillFalling.filter { $0.isStillImproving && arms?.contains($0.arm) != false }
      .map { $0.warning(in: language).withoutControlCharacters }
  }
}

extension AuditReport {
  /// The arms that were trained here, in the order of their runs.
  var improvements: [ArmImprovement] {
    var arms: [String] = []
    for run in losses where run.seed != nil && !arms.contains(run.arm) { arms.append(run.arm) }
    return arms.map { arm in ArmImprovement(arm: arm, losses.filter { $0.arm == arm }) }
  }

  /// A sentence for each arm that was still improving when training ended.
  var improvementWarnings: [String] {
    improvements.filter(\.isStillImproving).map { $0.warning(in: .english).withoutControlCharacters }
  }

  /// The same for the first page.
  var improvementNote: HTML {
    improvementWarnings.map { warning -> HTML in "<p class=\"note\">\(warning)</p>" }.joined()
  }

  /// Runs whose validation loss was measured during training.
  var validationCurves: [RunLosses] { losses.filter { !$0.validation.isEmpty } }

  /// Validation loss by step, a panel an arm, and whether it was still falling.
  var validationLossFigure: HTML {
    let curves = validationCurves
    let finite = curves.flatMap { $0.validation.map(\.loss) }.filter(\.isFinite)
    guard !finite.isEmpty else { return .empty }
    func points(_ run: RunLosses) -> [(x: Double, loss: Double)] {
      let steps = Double(max(1, run.validation.last?.step ?? 1))
      return run.validation.map { (Double($0.step) / steps, $0.loss) }
    }
    let first = curves.flatMap(points).map(\.x).min() ?? 0
    let panels = improvements.filter { arm in curves.contains { $0.arm == arm.arm } }.map { arm in
      LossCurves(
        arm: arm.arm, style: style(of: arm.arm), title: "Validation loss of \(arm.arm)",
        runs: curves.filter { $0.arm == arm.arm }.map { LossCurves.Run(points: points($0), isShadow: false) },
        extent: finite, columns: min(first, 0.999)...1,
        labels: [(first, "\(Figures.fixed(first * 100, digits: 0)) %"), (1, "100 %")], axis: "steps done"
      ).html
    }
    return """
      <figure><figcaption>Loss of the validation items during training, a line a seed.</figcaption>\
      <div class="multiples losses">\(panels)</div></figure>\(improvementTable)
      """
  }

  private var improvementTable: HTML {
    var notes = Footnotes(prefix: "improvement")
    let rows = improvements.map { arm -> HTML in
      let falls = arm.runs.compactMap(\.fall.value)
      func range(_ figure: KeyPath<ValidationCurve.LateFall, Double>) -> HTML {
        let sorted = falls.map { $0[keyPath: figure] }.sorted()
        guard let least = sorted.first, let most = sorted.last else { return "" }
        let texts = [least, most].map { Figures.fixed($0, digits: 4) }
        return texts[0] == texts[1] ? "\(texts[0])" : "\(texts[0]) to \(texts[1])"
      }
      let verdict = notes.cell(arm.verdict) { isFalling -> HTML in
        "\(isFalling ? "still improving" : "trained to the end")<small>\(arm.runText) still falling</small>"
      }
      return """
        <tr><th scope="row">\(armLabel(arm.arm))</th><td>\(range(\.whole))</td><td>\(range(\.lastFifth))</td>\
        <td>\(verdict)</td></tr>
        """
    }
    return Table.html(
      caption: """
        The fall of the validation loss, in nats, from the first point to the last; over seeds. A run is still falling if \
        the last fifth of its steps brought more than a twentieth of the fall, and more than half a percent of the loss.
        """,
      head: Table.head(["Arm", "Whole fall", "Last fifth of the steps", "When training ended"], textColumns: 1),
      body: rows.joined(), footnotes: notes)
  }

  /// One row for every run and point of its validation curve.
  func validationLossesTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(header: ["arm", "seed", "step", "loss"])
    for run in validationCurves {
      for point in run.validation {
        table.append([run.arm, run.seed.map { String($0) } ?? "", String(point.step), Field.number(point.loss)])
      }
    }
    return table
  }
}
