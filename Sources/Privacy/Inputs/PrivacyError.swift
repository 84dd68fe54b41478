package import Fairness

/// Why a fleet cannot be attacked. Items and models are named by their position.
package enum PrivacyError: Error, Equatable, Sendable {
  case noItems(arm: String)
  /// Two members and two non-members a target are needed for a variance: six models.
  case tooFewModels(arm: String, found: Int)
  case oddNumberOfModels(arm: String, found: Int)
  case countMismatch(arm: String, what: String, expected: Int, found: Int)
  case notComplementary(arm: String, model: Int, partner: Int, item: Int)
  case notInHalf(arm: String, item: Int, members: Int, models: Int)
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
    case .noItems(let arm): "The fleet of \(arm) has no items; expected the audited pool."
    case .tooFewModels(let arm, let found):
      "The fleet of \(arm) has \(found) models; expected at least six, so that each target has two shadows on each side."
    case .oddNumberOfModels(let arm, let found):
      "The fleet of \(arm) has \(found) models; expected an even number, as they come in complementary pairs."
    case .countMismatch(let arm, let what, let expected, let found):
      "The fleet of \(arm): expected \(expected) \(what), found \(found)."
    case .notComplementary(let arm, let model, let partner, let item):
      "The fleet of \(arm): models \(model) and \(partner) agree on the membership of item \(item); "
        + "expected complementary masks."
    case .notInHalf(let arm, let item, let members, let models):
      "The fleet of \(arm): item \(item) is in the training set of \(members) of \(models) models; expected half."
    case .splitCluster(let arm, let model, let cluster, let item):
      "The fleet of \(arm): the mask of model \(model) splits cluster \(cluster) at item \(item); "
        + "expected whole clusters to be members or not."
    case .oneSided(let arm, let model, let members, let items):
      "The fleet of \(arm): model \(model) has \(members) members among \(items) items; expected members and others."
    case .tooFewClasses(let arm, let model, let found):
      "The fleet of \(arm): model \(model) has logits for \(found) classes; expected at least two."
    case .labelOutsideClasses(let arm, let item, let label, let classes):
      "The fleet of \(arm): item \(item) has class \(label); expected 0 to \(classes - 1)."
    case .nonFiniteLogit(let arm, let model, let item):
      "The fleet of \(arm): model \(model) has a logit that is not finite for item \(item); "
        + "the run diverged or its file is damaged."
    case .emptyGroup(let arm, let group): "The fleet of \(arm): group \(group) has no items; leave it out."
    case .repeatedGroup(let arm, let group): "The fleet of \(arm): group \(group) is given twice."
    case .invalidMember(let arm, let group, let position, let items):
      "The fleet of \(arm): group \(group) names item \(position); expected ascending positions from 0 to \(items - 1)."
    }
  }
}
