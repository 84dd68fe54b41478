import Foundation
package import Metrics
package import Report
package import Statistics
package import Support

/// Watches a released model: compares new batches of its inputs and scores with the data on which it was audited.
package struct Monitor: Sendable {
  let settings: MonitoringSettings
  let reference: Reference
  /// nil if no policy was fixed and none is given.
  package let policy: Policy?
  /// The policy is not the one that was fixed before the run.
  package let isChosenAfterwards: Bool
  private let images: (brightness: InputValues, contrast: InputValues)?

  package var run: ReleasedRun { reference.run }

  /// Reads the reference, and decodes its images if they are watched.
  ///
  /// - Throws: `MonitoringError`, or the error of a file, naming file, line and what to do.
  package init(_ settings: MonitoringSettings) throws {
    self.settings = settings
    reference = try Reference(settings)
    let fixed = reference.document.policy
    policy = settings.policy ?? fixed
    isChosenAfterwards = settings.policy != nil && settings.policy != fixed
    if let arms = policy?.arms, !arms.contains(reference.run.arm) {
      throw MonitoringError(
        reference.document.file,
        "the policy is about \(arms.joined(separator: ", ")), and \(reference.run.arm) was released; give another with "
          + "--policy")
    }
    if settings.images, let columns = reference.columns {
      images = InputValues.images(
        columns, of: reference.items.identifiers, called: "reference",
        hint: settings.referenceManifest == nil ? InputValues.manifestHint : "")
    } else {
      images = nil
    }
  }

  /// The reports of windows that are judged together, in order of time: a pure function of the contents of the files and
  /// of the series so far.
  ///
  /// - Parameters:
  ///   - series: Of this reference; the windows that are new to it are added.
  ///   - time: What the series says of when they were judged.
  /// - Throws: `MonitoringError`, or the error of a file, naming file, line and item.
  package func reports(
    of sources: [WindowFile], in series: inout WindowSeries, at time: String
  ) throws -> [WindowReport] {
    let measured = try sources.map { source in
      let window = try Window(source, label: settings.label, reference: reference)
      return (report: try self.measured(window), content: window.content)
    }
    return series.judge(
      measured.map { ($0.report, WindowSeries.Key(content: $0.content, figures: figuresKey)) }, at: time
    ).map(withOutcome)
  }

  /// The report of a window that is the first of its series.
  package func report(of source: WindowFile) throws -> WindowReport {
    var series = WindowSeries(reference: seriesReference)
    return try reports(of: [source], in: &series, at: "")[0]
  }

  /// The digest of the run and of the reference's items with what the run says of them.
  package var seriesReference: ContentHash { reference.content }

  /// The digest of the options that change which figures are tested, and how.
  private var figuresKey: ContentHash {
    var hasher = ContentHasher()
    hasher.combine(list: [WindowSeries.figuresVersion, settings.label, settings.text ?? "", "\(settings.images)"])
    hasher.combine(list: settings.watchedColumns.map(\.name))
    hasher.combine(list: settings.categorical.sorted())
    hasher.combine(list: reference.document.groups.map(\.description))
    hasher.combine(policy.flatMap { try? JSONDocument.bytes(of: $0) }.map { String(decoding: $0, as: UTF8.self) } ?? "")
    return hasher.finish()
  }

  /// The figures of one window, none of which is corrected yet.
  private func measured(_ window: Window) throws -> WindowReport {
    // Keyed by the items and not by their labels, so that labels do not change what is estimated without them.
    let key = RandomKey(seed: 0)[.monitor][reference.run.description][
      window.items.identifiers.joined(separator: "\u{1F}")]
    let evaluation = try evaluation(of: window)
    let figures = figures(of: window, key: key[.labelFree])
    let demands = policy.map { policy in
      WindowJudge(
        policy: policy, arm: reference.run.arm, groups: reference.document.groups, figures: figures,
        missingColumns: window.missingColumns,
        labelled: evaluation?.results
      ).demands
    }
    let inputs = try inputs(of: window)
    return WindowReport(
      file: window.file, groups: figures, unseenGroups: window.unseen.map(\.name), missingGroups: window.missingGroups,
      missingColumns: window.missingColumns, missingClusters: window.missingClusters, knownItems: window.known,
      drifts: drifts(of: window, inputs),
      newValues: inputs.compactMap { NewValues($0.feature, reference: $0.reference, window: $0.window) },
      evaluation: evaluation, demands: demands ?? [], outcome: .insufficient, hasPolicy: policy != nil,
      series: SeriesPosition())
  }

  /// The report with its verdict, once its figures are corrected.
  private func withOutcome(_ report: WindowReport) -> WindowReport {
    // Unlabelled items alone, or a handful of labels, never pass; nor does what has changed, or could not be checked;
    // nor what the reference was judged by already.
    let canPass =
      report.labelled > 0 && report.labelled >= (policy?.minimumSize ?? 0) && report.flagged.isEmpty
      && report.unseenGroups.isEmpty && report.missingColumns.isEmpty && !report.isMostlyKnown
    var report = report
    report.outcome = max(
      report.judgements.map(\.outcome).max() ?? .insufficient, canPass ? .met : .insufficient)
    return report
  }

  /// The same metrics as `tenbin evaluate` has, of the labelled items.
  private func evaluation(of window: Window) throws -> AuditReport? {
    let labelled = window.items.labelled
    guard !labelled.isEmpty else { return nil }
    var positions = [Int?](repeating: nil, count: window.items.count)
    for (position, item) in labelled.enumerated() { positions[item] = position }
    let groups = (window.groups + window.unseen).compactMap { group -> Subgroup? in
      let members = group.items.compactMap { positions[$0] }
      return members.isEmpty ? nil : Subgroup(column: group.column, value: group.value, items: members)
    }
    let settings = PredictionsEvaluation.Settings(
      files: [window.file], groups: [], positive: reference.document.positiveClass,
      rule: DecisionRule(
        metric: .accuracy, margin: 0.03, minimumGroupSize: reference.document.minimumGroupSize),
      name: reference.document.name)
    return try PredictionsEvaluation(
      settings, table: window.items.table.part { $0.label != nil }, groups: groups
    ).report()
  }

  private func figures(of window: Window, key: RandomKey) -> [GroupFigures] {
    let isLabelled = window.items.labels.map { $0 != nil }
    func degreesOfFreedom(_ members: [Int]) -> Double {
      let clusters = Set(members.lazy.map { window.items.clusters[$0] }).count
      return clusters < members.count ? Double(clusters - 1) : .infinity
    }
    func figures(_ group: Subgroup?, referenceMembers: [Int]?, isUnseen: Bool) -> GroupFigures {
      let members = group?.items ?? Array(0..<window.items.count)
      let own = group.map { key[$0.column][$0.value] } ?? key
      return GroupFigures(
        group: group?.name, isUnseen: isUnseen, n: members.count, labelled: members.count { isLabelled[$0] },
        degreesOfFreedom: degreesOfFreedom(members),
        labelledDegreesOfFreedom: degreesOfFreedom(members.filter { isLabelled[$0] }),
        selectionRate: selectionRate(window.items, members),
        estimate: LabelFreeEstimate.make(
          reference: reference, referenceMembers: referenceMembers, window: window.items, members: members, key: own),
        referenceAccuracy: Proportion.mean(
          of: referenceMembers ?? [], clusters: reference.items.clusters, missing: "the reference has no items of it"
        ) { reference.correct[$0] })
    }
    return [figures(nil, referenceMembers: Array(0..<reference.items.count), isUnseen: false)]
      + window.groups.map { group in
        figures(
          group, referenceMembers: reference.groups.first { $0.name == group.name }?.items, isUnseen: false)
      } + window.unseen.map { figures($0, referenceMembers: nil, isUnseen: true) }
  }

  private func selectionRate(_ items: ScoredItems, _ members: [Int]) -> Measured<Proportion> {
    guard let positive = reference.positive else {
      return .undefined(reason: "no class is declared positive", n: members.count)
    }
    return Proportion.mean(of: members, clusters: items.clusters, missing: "no items") {
      items.predictions[$0] == positive ? 1 : 0
    }
  }

  private func drifts(of window: Window, _ inputs: [Input]) -> [Drift] {
    let scores = scores(of: window)
    let own = Dictionary(window.groups.map { ($0.name, $0.items) }) { first, _ in first }
    return DriftComputation.drifts(
      reference: DriftSample(
        clusters: reference.items.clusters, scores: scores.reference,
        inputs: inputs.map { ($0.feature, $0.reference) }),
      window: DriftSample(
        clusters: window.items.clusters, scores: scores.window, inputs: inputs.map { ($0.feature, $0.window) }),
      groups: reference.groups.compactMap { group in
        FrozenGroups.parts(of: group.column).contains(where: window.missingColumns.contains)
          ? nil : (group.name, group.items, own[group.name] ?? [])
      })
  }

  /// Log-odds. Where one side states rounded probabilities, both sides as probabilities with as many decimals, because
  /// the rounding of one side alone would look like drift.
  private func scores(of window: Window) -> (reference: [Double], window: [Double]) {
    let scores = (
      reference.items.logOdds(positive: reference.positive), window.items.logOdds(positive: reference.positive)
    )
    guard let decimals = [reference.items.decimals, window.items.decimals].compactMap(\.self).min() else {
      return scores
    }
    let unit = pow(10, Double(decimals))
    func rounded(_ scores: [Double]) -> [Double] { scores.map { (unit / (1 + exp(-$0))).rounded() / unit } }
    return (rounded(scores.0), rounded(scores.1))
  }

  private typealias Input = (feature: InputFeature, reference: InputValues, window: InputValues)

  private func inputs(of window: Window) throws -> [Input] {
    guard let known = reference.columns else { return [] }
    let (before, after) = (reference.items.identifiers, window.items.identifiers)
    var inputs: [Input] = try settings.watchedColumns.map { name, isCategorical in
      let (first, second) = try InputValues.column(
        name, isCategorical: isCategorical, reference: (known, before), window: (window.columns, after))
      return (.column(name), first, second)
    }
    if let text = settings.text {
      inputs.append(
        (
          .length(text),
          try InputValues.length(
            text, known, of: before, called: "reference",
            hint: settings.referenceManifest == nil ? InputValues.manifestHint : ""),
          try InputValues.length(text, window.columns, of: after, called: "window")
        ))
    }
    if let images {
      let own = InputValues.images(window.columns, of: after, called: "window")
      inputs.append((.brightness, images.brightness, own.brightness))
      inputs.append((.contrast, images.contrast, own.contrast))
    }
    return inputs
  }
}

extension Proportion {
  /// The share of successes among `items`; undefined without items.
  static func mean(
    of items: [Int], clusters: [Int], missing: String, _ value: (Int) -> Double
  ) -> Measured<Proportion> {
    guard !items.isEmpty else { return .undefined(reason: missing, n: 0) }
    let index = ClusterIndex(items.lazy.map { clusters[$0] })
    return .value(
      Proportion(values: items.map(value), clusters: index.ofItem, clusterCount: index.count))
  }
}

/// The options of monitoring: a released model, its reference and how windows are read.
package struct MonitoringSettings: Sendable {
  /// The folder of an audit or an evaluation.
  package var reference: String
  /// The reference's predictions; empty for those in its folder.
  package var referencePredictions: [String]
  /// A CSV with the inputs of the reference's items, relative to which image paths are; nil for the predictions
  /// themselves.
  package var referenceManifest: String?
  package var arm: String?
  package var seed: Int?
  /// The released checkpoint's folder, whose path may name arm and seed.
  package var model: String?
  /// Columns of inputs that are watched.
  package var inputs: [String]
  /// Columns of inputs that are watched as categories, whatever they look like; they need not be among `inputs`.
  package var categorical: [String]
  /// A column of texts, whose length is watched.
  package var text: String?
  /// Whether images are decoded, and their brightness and contrast watched.
  package var images: Bool
  /// What the windows call the column of labels.
  package var label: String
  /// A policy instead of the reference's own.
  package var policy: Policy?

  var watchesInputs: Bool { !watchedColumns.isEmpty || text != nil || images }

  /// Every column that is watched, once.
  var watchedColumns: [(name: String, isCategorical: Bool)] {
    var names: [String] = []
    for name in inputs + categorical where !names.contains(name) { names.append(name) }
    return names.map { ($0, categorical.contains($0)) }
  }

  package init(
    reference: String, referencePredictions: [String] = [], referenceManifest: String? = nil, arm: String? = nil,
    seed: Int? = nil, model: String? = nil, inputs: [String] = [], categorical: [String] = [], text: String? = nil,
    images: Bool = false,
    label: String = "label", policy: Policy? = nil
  ) {
    self.reference = reference
    self.referencePredictions = referencePredictions
    self.referenceManifest = referenceManifest
    self.arm = arm
    self.seed = seed
    self.model = model
    self.inputs = inputs
    self.categorical = categorical
    self.text = text
    self.images = images
    self.label = label
    self.policy = policy
  }
}

/// Why a reference or a window cannot be used: the file, the line, what was found, what was expected and what to do.
package struct MonitoringError: Error, Equatable, Sendable, CustomStringConvertible {
  package let file: String
  /// nil if the whole file is meant.
  package let line: Int?
  package let problem: String

  package init(_ file: String, line: Int? = nil, _ problem: String) {
    (self.file, self.line, self.problem) = (file, line, problem)
  }

  package var description: String { "\(file)\(line.map { ", line \($0)" } ?? ""): \(problem)" }
}

/// The report of one window.
package struct WindowReport: Sendable {
  package var file: String
  /// All items first, then the reference's groups that have items here, then values that it never saw.
  package var groups: [GroupFigures]
  package var unseenGroups: [GroupName]
  package var missingGroups: [GroupName]
  package var missingColumns: [String]
  /// Set where the reference's items belong together in clusters and the window does not say which of its own do.
  package var missingClusters: MissingClusters?
  /// Items that are the reference's own.
  package var knownItems: Int
  package var drifts: [Drift]
  package var newValues: [NewValues]
  /// The evaluation of the labelled items; nil if none is labelled.
  package var evaluation: AuditReport?
  /// What the policy demands, judged.
  package var demands: [JudgedDemand]
  package var outcome: Judgement.Outcome
  package var hasPolicy: Bool
  package var series: SeriesPosition

  package var items: Int { groups.first?.n ?? 0 }
  package var labelled: Int { groups.first?.labelled ?? 0 }
  /// Whether more than half of the items are the reference's own: they say little about what came after it.
  package var isMostlyKnown: Bool { knownItems * 2 > items }
  package var judgements: [Judgement] { demands.map(\.judgement) }
  /// Changes that are significant and large enough to matter.
  package var flagged: [Drift] { drifts.filter(\.isFlagged) }
}

/// A column that is missing in a window.
package struct MissingClusters: Equatable, Sendable {
  /// Its name in the reference; nil if the results do not say.
  package let column: String?
}

/// The figures of one group of a window, or of all its items.
package struct GroupFigures: Equatable, Sendable {
  /// nil for all items.
  package var group: GroupName?
  /// The reference has no such group.
  package var isUnseen: Bool
  package var n: Int
  package var labelled: Int
  /// The number of clusters minus 1; infinite where every item is a cluster.
  package var degreesOfFreedom: Double
  package var labelledDegreesOfFreedom: Double
  /// Measured without labels.
  package var selectionRate: Measured<Proportion>
  package var estimate: Measured<LabelFreeEstimate>
  /// The accuracy on the reference's items of the group.
  package var referenceAccuracy: Measured<Proportion>
}

extension [WindowReport] {
  /// The worst of all windows, so that one alarm is enough.
  package var outcome: Judgement.Outcome { map(\.outcome).max() ?? .insufficient }
}
