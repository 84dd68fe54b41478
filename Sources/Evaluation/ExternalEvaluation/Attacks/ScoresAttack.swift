package import MembershipInference
internal import Metrics
package import Report
internal import Support

/// Membership inference against models that Tenbin never saw, from what they say about items.
package struct ScoresAttack: Sendable {
  /// What a user says about the files.
  package struct Settings: Sendable {
    package var files: [String]
    package var groups: [String]
    /// nil for those that the fleets allow.
    package var attacks: [Attack]?
    /// The released model, which all others attack; nil where each model is attacked.
    package var target: String?
    package var scoreKind: ScoreKind
    /// The arm that the others are compared with; nil for `full`, where there is one on the same items and masks.
    package var reference: String?
    package var margin: Double
    package var minimumGroupSize: Int
    package var confidence: Double
    package var name: String

    package init(
      files: [String], groups: [String] = [], attacks: [Attack]? = nil, target: String? = nil,
      scoreKind: ScoreKind = .logLikelihood, reference: String? = nil, margin: Double = 0.03,
      minimumGroupSize: Int = 50, confidence: Double = 0.95, name: String
    ) {
      self.files = files
      self.groups = groups
      self.attacks = attacks
      self.target = target
      self.scoreKind = scoreKind
      self.reference = reference
      self.margin = margin
      self.minimumGroupSize = minimumGroupSize
      self.confidence = confidence
      self.name = name
    }
  }

  private let settings: Settings
  private let collected: [CollectedFleet]
  private let content: ContentHash

  private var file: String { settings.files.joined(separator: ", ") }
  private var fleets: [ShadowModels] { collected.map(\.fleet) }

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
    // In one order whatever the order of the rows.
    collected = try arms.sorted().map { arm in
      try CollectedFleet(
        table, arm: arm, rows: rows[arm] ?? [], groups: settings.groups, target: settings.target,
        kind: settings.scoreKind)
    }
    content = ContentHash(of: table.digestible)
    guard let reference = settings.reference, !arms.contains(reference) else { return }
    throw PredictionsError(
      file, "the reference \(reference) is no arm of the scores; expected one of \(arms.sorted().listed)")
  }

  /// Attacks, and puts the report together.
  ///
  /// - Throws: `PredictionsError` naming the file, the models and the items that are wrong, or what an attack lacks.
  package func report() throws -> AttackReport {
    var notes = collected.flatMap(\.notes)
    let comparisons = comparisons(notes: &notes)
    var attacks: [String: [Attack]] = [:]
    for fleet in fleets { attacks[fleet.arm] = settings.attacks ?? self.attacks(on: fleet, notes: &notes) }
    let compared = Set(comparisons.flatMap { [$0.arm, $0.reference] })
    // The first attack that ran on all compared arms decides, the likelihood ratio before others.
    let common = (attacks[comparisons.first?.reference ?? ""] ?? []).filter { attack in
      compared.allSatisfy { attacks[$0]?.contains(attack) == true }
    }
    let rule = (common.first { $0.name == "lira" } ?? common.first).map {
      PrivacyRule(attack: $0, margin: settings.margin, minimumGroupSize: settings.minimumGroupSize)
    }
    let chosen = attacks
    do throws(PrivacyError) {
      // Drawn from what is attacked alone, so that the same scores give the same bytes.
      let study = try PrivacyStudy.evaluate(
        shadowModelsByArm: fleets, attacks: { chosen[$0] ?? [] }, comparisons: comparisons, rule: rule,
        confidence: settings.confidence, key: RandomKey(seed: 0)[.attack][content.description])
      return AttackReport(
        name: settings.name, contentHash: content.description, study: study, groups: fleets.first?.groups ?? [],
        notes: notes)
    } catch {
      throw PredictionsError(file, named(error))
    }
  }

  /// The attacks that a fleet allows, with a note for each that would read what is there and cannot.
  private func attacks(on fleet: ShadowModels, notes: inout [String]) -> [Attack] {
    let candidates: [Attack] = [
      .likelihoodRatio(), .offlineLikelihoodRatio(), .relativeMembership(), .lossThreshold, .lossTrace,
    ]
    return candidates.filter { attack in
      do throws(PrivacyError) {
        _ = try fleet.attackScores(of: attack)
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
        // Whatever is wrong with the fleet itself is said when it is attacked.
        return true
      }
    }
  }

  private func comparisons(notes: inout [String]) -> [ArmComparison] {
    guard fleets.count > 1 else { return [] }
    let reference = settings.reference ?? fleets.first { $0.arm == "full" }?.arm
    guard let reference, let other = fleets.first(where: { $0.arm == reference }) else {
      notes.append("No arm was named to compare the others with.")
      return []
    }
    return fleets.filter { $0.arm != reference }.compactMap { fleet in
      // Asked for by name it is an error; otherwise there is just nothing to compare.
      let arePaired = fleet.masks == other.masks && fleet.itemNames == other.itemNames
      guard settings.reference != nil || arePaired else {
        notes.append("\(fleet.arm) is not compared with \(reference): their items or masks differ.")
        return nil
      }
      return ArmComparison(arm: fleet.arm, reference: reference)
    }
  }

  /// The error in the words of the files.
  private func named(_ error: PrivacyError) -> String {
    func names(_ arm: String, _ model: Int, _ item: Int) -> (model: String, item: String) {
      guard let found = collected.first(where: { $0.fleet.arm == arm }), found.models.indices.contains(model),
        found.fleet.itemNames.indices.contains(item)
      else { return ("\(model)", "\(item)") }
      return (found.models[model], found.fleet.itemNames[item])
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
