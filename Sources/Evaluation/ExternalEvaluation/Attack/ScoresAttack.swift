package import MembershipInference
import Metrics
package import Report
import Support

/// Membership inference against external models, from their scores.
package struct ScoresAttack: Sendable {
  /// The files, and how to read them.
  package struct Settings: Sendable {
    package var files: [String]
    package var groups: [String]
    /// nil for all attacks that the scores allow.
    package var attacks: [Attack]?
    /// The released model, which all others attack; nil if each model is attacked.
    package var target: String?
    package var scoreKind: ScoreKind
    /// The arm that the others are compared with; nil for `full`, where there is one on the same items and masks.
    package var reference: String?
    package var margin: Double
    package var minimumGroupSize: Int
    package var minimumClusters: Int
    package var confidence: Double
    package var name: String

    package init(
      files: [String], groups: [String] = [], attacks: [Attack]? = nil, target: String? = nil,
      scoreKind: ScoreKind = .logLikelihood, reference: String? = nil, margin: Double = 0.03,
      minimumGroupSize: Int = 50, minimumClusters: Int = DecisionRule.standardMinimumClusters,
      confidence: Double = 0.95, name: String
    ) {
      self.files = files
      self.groups = groups
      self.attacks = attacks
      self.target = target
      self.scoreKind = scoreKind
      self.reference = reference
      self.margin = margin
      self.minimumGroupSize = minimumGroupSize
      self.minimumClusters = minimumClusters
      self.confidence = confidence
      self.name = name
    }
  }

  private let settings: Settings
  private let collected: [CollectedModels]
  private let content: ContentHash
  /// How the files were read.
  private let readingNotes: [String]

  private var file: String { settings.files.joined(separator: ", ") }
  private var arms: [ShadowModels] { collected.map(\.shadowModels) }

  /// Reads and checks everything.
  ///
  /// - Throws: `PredictionsError` or the error of the CSV, naming file, line, model and item.
  package init(_ settings: Settings) throws {
    self.settings = settings
    let table = try ScoresTable(files: settings.files, groups: settings.groups)
    var arms: [String] = []
    var rows: [String: [Int]] = [:]
    for (number, row) in table.rows.enumerated() {
      if rows[row.arm] == nil { arms.append(row.arm) }
      rows[row.arm, default: []].append(number)
    }
    // In an order that does not depend on the order of the rows.
    collected = try arms.sorted().map { arm in
      try CollectedModels(
        table, arm: arm, rows: rows[arm] ?? [], groups: settings.groups, target: settings.target,
        kind: settings.scoreKind)
    }
    content = ContentHash(of: table.digestible)
    readingNotes = table.notes
    guard let reference = settings.reference, !arms.contains(reference) else { return }
    throw PredictionsError(
      file, "the reference \(reference) is not an arm of the scores; expected one of \(arms.sorted().listed)")
  }

  /// Attacks, and puts the report together.
  ///
  /// - Throws: `PredictionsError` naming the file, the models and the items that are wrong, or what an attack needs.
  package func report() throws -> AttackReport {
    var notes = readingNotes + collected.flatMap(\.notes)
    let comparisons = comparisons(notes: &notes)
    var attacks: [String: [Attack]] = [:]
    for arm in arms { attacks[arm.arm] = settings.attacks ?? self.attacks(on: arm, notes: &notes) }
    let compared = Set(comparisons.flatMap { [$0.arm, $0.reference] })
    // The first attack that ran on all compared arms decides, the likelihood ratio before others.
    let common = (attacks[comparisons.first?.reference ?? ""] ?? []).filter { attack in
      compared.allSatisfy { attacks[$0]?.contains(attack) == true }
    }
    let rule = (common.first { $0.name == "lira" } ?? common.first).map {
      PrivacyRule(
        attack: $0, margin: settings.margin, minimumGroupSize: settings.minimumGroupSize,
        minimumClusters: settings.minimumClusters)
    }
    let chosen = attacks
    do throws(PrivacyError) {
      // Drawn from what is attacked only, so that the same scores give the same bytes.
      let study = try PrivacyStudy.evaluate(
        shadowModelsByArm: arms, attacks: { chosen[$0] ?? [] }, comparisons: comparisons, rule: rule,
        confidence: settings.confidence, key: RandomKey(seed: 0)[.attack][content.description])
      return AttackReport(
        name: settings.name, contentHash: content.description, study: study, groups: arms.first?.groups ?? [],
        notes: notes)
    } catch {
      throw PredictionsError(file, named(error))
    }
  }

  /// The attacks that the scores allow, with a note for each one that finds its columns and still cannot run.
  private func attacks(on shadowModels: ShadowModels, notes: inout [String]) -> [Attack] {
    let candidates: [Attack] = [
      .likelihoodRatio(), .offlineLikelihoodRatio(), .relativeMembership(), .lossThreshold, .lossTrace,
    ]
    return candidates.filter { attack in
      do throws(PrivacyError) {
        _ = try shadowModels.attackScores(of: attack)
        return true
      } catch .tooFewShadows(let arm, let name, let target, let item, let isMember, let found, let needed) {
        let problem = named(
          .tooFewShadows(
            arm: arm, attack: name, target: target, item: item, isMember: isMember, found: found, needed: needed))
        notes.append("The attack \(name) is left out: \(problem).")
        return false
      } catch .noLossTraces {
        return false
      } catch {
        // What is wrong with the scores themselves is reported by the attack.
        return true
      }
    }
  }

  private func comparisons(notes: inout [String]) -> [ArmComparison] {
    guard arms.count > 1 else { return [] }
    let reference = settings.reference ?? arms.first { $0.arm == "full" }?.arm
    guard let reference, let other = arms.first(where: { $0.arm == reference }) else {
      notes.append("No arm was named to compare the others with.")
      return []
    }
    return arms.filter { $0.arm != reference }.compactMap { shadowModels in
      // Asked for by name it is an error; otherwise there is just nothing to compare.
      let arePaired = shadowModels.masks == other.masks && shadowModels.itemNames == other.itemNames
      guard settings.reference != nil || arePaired else {
        notes.append("\(shadowModels.arm) is not compared with \(reference): their items or masks differ.")
        return nil
      }
      return ArmComparison(arm: shadowModels.arm, reference: reference)
    }
  }

  /// The error in the words of the files.
  private func named(_ error: PrivacyError) -> String {
    func names(_ arm: String, _ model: Int, _ item: Int) -> (model: String, item: String) {
      guard let found = collected.first(where: { $0.shadowModels.arm == arm }), found.models.indices.contains(model),
        found.shadowModels.itemNames.indices.contains(item)
      else { return ("\(model)", "\(item)") }
      return (found.models[model], found.shadowModels.itemNames[item])
    }
    switch error {
    case .tooFewShadows(let arm, let attack, let target, let item, let isMember, let found, let needed):
      let names = names(arm, target, item)
      return "arm \(arm): of the shadow models of model \(names.model), \(found) \(isMember ? "have" : "are without") "
        + "item \(names.item); \(attack) needs \(needed). Add shadow models, leave the item out or choose another of "
        + "--attacks"
    case .oneSided(let arm, let model, let members, let items):
      return "arm \(arm): model \(names(arm, model, 0).model) has \(members) members among \(items) items; expected "
        + "members and others, or there is nothing to tell apart"
        + (settings.target == nil && members == 0
          ? ". Where one model is attacked by others that have none of these items, name it with --target" : "")
    case .positiveLogLikelihood(let arm, let model, let item, let score):
      let names = names(arm, model, item)
      return "arm \(arm): model \(names.model) has the score \(score) for item \(names.item); log-likelihoods are at "
        + "most 0. Say --score-kind logit-scaled where scores are log(p / (1 - p))"
    case .scoreOutOfRange(let arm, let model, let item, let score):
      let names = names(arm, model, item)
      return "arm \(arm): model \(names.model) has the score \(score) for item \(names.item); expected at most 1e9 in "
        + "magnitude, beyond which squares of scores say nothing"
    default: return error.description
    }
  }
}

/// The rows of one arm collected into models to attack.
struct CollectedModels {
  private(set) var shadowModels: ShadowModels
  /// The names of the models, in their order.
  private(set) var models: [String]
  /// The models that neither attack nor are attacked, and why, in a sentence each.
  private(set) var notes: [String] = []

  /// - Parameters:
  ///   - numbers: The arm's rows.
  ///   - groups: The columns of groups.
  ///   - target: The released model's name; nil if each model is attacked.
  ///   - kind: What scores are, where there are no logits.
  /// - Throws: `PredictionsError` if a model has no row for an item, or two, or rows contradict each other.
  init(
    _ table: ScoresTable, arm: String, rows numbers: [Int], groups: [String], target: String?, kind: ScoreKind
  ) throws {
    let axes = try RowAxes(table, arm: arm, rows: numbers)
    models = axes.models
    let items = axes.items.map { table.rows[$0] }
    let isOfScores = table.classNames.isEmpty
    let each = table.valuesEach
    func values(_ model: Int, _ query: Int, _ epoch: Int) -> [Double] {
      items.indices.flatMap { item -> ArraySlice<Double> in
        let row = axes.row(model: model, query: query, epoch: epoch, item: item)
        return table.values[row * each..<(row + 1) * each]
      }
    }
    func logits(_ model: Int, _ query: Int, _ epoch: Int) throws -> Logits {
      try Logits(values: values(model, query, epoch), count: items.count, classes: each)
    }
    let labels = isOfScores ? [] : items.map(\.label)
    // The last epoch is the model that is attacked; the loss of those before it is its trace.
    func scores(epoch: Int) throws -> ShadowModelScores {
      let (models, queries) = (axes.models.indices, axes.queries.indices)
      return isOfScores
        ? .direct(models.map { model in queries.map { values(model, $0, epoch) } }, kind)
        : .logits(try models.map { model in try queries.map { try logits(model, $0, epoch) } })
    }
    let byEpoch = try axes.epochs.indices.map { try scores(epoch: $0) }
    let traces = byEpoch.map { $0.losses(labels: labels) }
    shadowModels = ShadowModels(
      arm: arm,
      masks: models.indices.map { model in
        items.indices.map { table.rows[axes.row(model: model, query: 0, epoch: 0, item: $0)].isMember }
      },
      scores: byEpoch[byEpoch.count - 1],
      lossTraces: traces.count < 2 ? nil : models.indices.map { model in traces.map { $0[model] } },
      labels: labels, clusters: items.clusterNumbers,
      groups: try GroupColumns(
        names: groups, cells: groups.indices.map { column in items.map { $0.groups[column] } }, minimumSize: 0
      ).groups(file: items[0].file),
      itemNames: items.map(\.item), permitsSplitClusters: true)
    try choose(target: target, file: items[0].file)
  }

  /// Finds the design, and puts complementary partners next to each other.
  private mutating func choose(target: String?, file: String) throws(PredictionsError) {
    if let target {
      guard let index = models.firstIndex(of: target) else {
        throw PredictionsError(
          file, "arm \(shadowModels.arm) has no model \(target) to be the target; expected one of \(models.listed)")
      }
      let complement = shadowModels.masks[index].map { !$0 }
      let kept = shadowModels.masks.indices.filter { shadowModels.masks[$0] != complement }
      leaveOut(
        shadowModels.masks.indices.filter { shadowModels.masks[$0] == complement },
        because:
          "it was trained on exactly the items that the target \(target) was not, so it would tell which those are")
      keep(kept)
      shadowModels.design = .released(target: kept.firstIndex(of: index) ?? index)
      return
    }
    let order = Self.pairs(shadowModels.masks)
    // Enough pairs for an attack, and not two models that happen to be complements among many that are none.
    guard order.count >= 6, 2 * order.count >= models.count else {
      shadowModels.design = .independent
      return
    }
    leaveOut(
      models.indices.filter { !order.contains($0) },
      because: "the others come in complementary pairs, and its partner is not among the scores")
    keep(order)
    shadowModels.design = .symmetric
  }

  private mutating func keep(_ order: [Int]) {
    shadowModels = shadowModels.reordered(models: order)
    models = order.map { models[$0] }
  }

  private mutating func leaveOut(_ numbers: [Int], because reason: String) {
    notes += numbers.map { "The model \(models[$0]) of arm \(shadowModels.arm) is left out: \(reason)." }
  }

  /// The models that have a partner with a complementary mask, partners beside each other.
  static func pairs(_ masks: [[Bool]]) -> [Int] {
    var waiting: [[Bool]: [Int]] = [:]
    var pairs: [(Int, Int)] = []
    for (model, mask) in masks.enumerated() {
      let complement = mask.map { !$0 }
      if let partner = waiting[complement]?.first {
        waiting[complement]?.removeFirst()
        pairs.append((partner, model))
      } else {
        waiting[mask, default: []].append(model)
      }
    }
    return pairs.sorted { $0 < $1 }.flatMap { [$0, $1] }
  }
}
