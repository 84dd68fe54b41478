package import Metrics

/// Why shadow models cannot be attacked. Items and models are named by their position.
package enum PrivacyError: Error, Equatable, Sendable {
  case noItems(arm: String)
  /// Two members and two non-members a target are needed for a variance: six models.
  case tooFewModels(arm: String, found: Int)
  case oddNumberOfModels(arm: String, found: Int)
  case countMismatch(arm: String, what: String, expected: Int, found: Int)
  case notComplementary(arm: String, model: Int, partner: Int, item: Int)
  case noModels(arm: String)
  case noSuchTarget(arm: String, target: Int, models: Int)
  /// Too few shadows have the item, or are without it, for what the attack estimates.
  case tooFewShadows(arm: String, attack: String, target: Int, item: Int, isMember: Bool, found: Int, needed: Int)
  case noLossTraces(arm: String)
  case nonFiniteScore(arm: String, model: Int, item: Int)
  case positiveLogLikelihood(arm: String, model: Int, item: Int, score: Double)
  case scoreOutOfRange(arm: String, model: Int, item: Int, score: Double)
  case repeatedAttack(arm: String, attack: String)
  case noAttacks(arm: String)
  case confidenceOutsideRange(Double)
  case unknownArm(String, known: [String])
  case repeatedArm(String)
  case notPaired(arm: String, reference: String, what: String)
  case attackNotRun(arm: String, attack: String)
  case marginOutsideRange(Double)
  case splitCluster(arm: String, model: Int, cluster: Int, item: Int)
  case oneSided(arm: String, model: Int, members: Int, items: Int)
  case tooFewClasses(arm: String, model: Int, found: Int)
  case labelOutsideClasses(arm: String, item: Int, label: Int, classes: Int)
  case nonFiniteLogit(arm: String, model: Int, item: Int)
  case emptyGroup(arm: String, group: GroupName)
  case repeatedGroup(arm: String, group: GroupName)
  case invalidMember(arm: String, group: GroupName, position: Int, items: Int)
}

extension PrivacyError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noItems(let arm): "The shadow models of \(arm) have no items; expected the audited pool."
    case .tooFewModels(let arm, let found):
      "The shadow models of \(arm) number \(found); expected at least six, so that each target has two shadows on each side."
    case .oddNumberOfModels(let arm, let found):
      "The shadow models of \(arm) number \(found); expected an even number, as they come in complementary pairs."
    case .countMismatch(let arm, let what, let expected, let found):
      "The shadow models of \(arm): expected \(expected) \(what), found \(found)."
    case .notComplementary(let arm, let model, let partner, let item):
      "The shadow models of \(arm): models \(model) and \(partner) agree on the membership of item \(item); "
        + "expected complementary masks."
    case .noModels(let arm): "The shadow models of \(arm) are missing; expected at least the target."
    case .noSuchTarget(let arm, let target, let models):
      "The shadow models of \(arm) have no model \(target) to be the target; expected 0 to \(models - 1)."
    case .tooFewShadows(let arm, let attack, let target, let item, let isMember, let found, let needed):
      "The shadow models of \(arm): of the shadow models of model \(target), \(found) \(isMember ? "have" : "are without") "
        + "item \(item); \(attack) needs \(needed). Add shadow models, leave the item out or choose another attack."
    case .noLossTraces(let arm):
      "The shadow models of \(arm) have no losses of two or more epochs, which the attack loss-trace needs of every model."
    case .nonFiniteScore(let arm, let model, let item):
      "The shadow models of \(arm): model \(model) has a score or loss that is not finite for item \(item); "
        + "the run diverged or its file is damaged."
    case .positiveLogLikelihood(let arm, let model, let item, let score):
      "The shadow models of \(arm): model \(model) has the log-likelihood \(score) for item \(item); expected at most 0. "
        + "A score that is log(p / (1 - p)) must be declared as logit-scaled."
    case .scoreOutOfRange(let arm, let model, let item, let score):
      "The shadow models of \(arm): model \(model) has the score \(score) for item \(item); expected at most 1e9 in magnitude, "
        + "beyond which squares of scores say nothing."
    case .repeatedAttack(let arm, let attack): "The attack \(attack) is requested twice against \(arm)."
    case .noAttacks(let arm): "No attack is requested against \(arm); name at least one."
    case .confidenceOutsideRange(let confidence):
      "The confidence level is \(confidence); expected a share between .5 and 1."
    case .unknownArm(let arm, let known):
      "There are no shadow models of \(arm) to compare; expected one of \(known.joined(separator: ", "))."
    case .repeatedArm(let arm): "The shadow models of \(arm) are given twice."
    case .notPaired(let arm, let reference, let what):
      "The shadow models of \(arm) and \(reference) have different \(what); they can only be compared on the same items, "
        + "masks, clusters and groups."
    case .attackNotRun(let arm, let attack):
      "The shadow models are to be compared by the attack \(attack), which is not among those against \(arm); add it."
    case .marginOutsideRange(let margin): "The margin is \(margin); expected a share from 0 to below 1."
    case .splitCluster(let arm, let model, let cluster, let item):
      "The shadow models of \(arm): the mask of model \(model) splits cluster \(cluster) at item \(item); "
        + "expected whole clusters to be members or not."
    case .oneSided(let arm, let model, let members, let items):
      "The shadow models of \(arm): model \(model) has \(members) members among \(items) items; expected members and others."
    case .tooFewClasses(let arm, let model, let found):
      "The shadow models of \(arm): model \(model) has logits for \(found) classes; expected at least two."
    case .labelOutsideClasses(let arm, let item, let label, let classes):
      "The shadow models of \(arm): item \(item) has class \(label); expected 0 to \(classes - 1)."
    case .nonFiniteLogit(let arm, let model, let item):
      "The shadow models of \(arm): model \(model) has a logit that is not finite for item \(item); "
        + "the run diverged or its file is damaged."
    case .emptyGroup(let arm, let group): "The shadow models of \(arm): group \(group) has no items; leave it out."
    case .repeatedGroup(let arm, let group): "The shadow models of \(arm): group \(group) is given twice."
    case .invalidMember(let arm, let group, let position, let items):
      "The shadow models of \(arm): group \(group) names item \(position); expected ascending positions from 0 to \(items - 1)."
    }
  }
}
