/// Why items, predictions or a rule cannot be evaluated. Every case names what is wrong and where.
package enum EvaluationError: Error, Equatable, Sendable {
  case noItems
  case noArms
  case countMismatch(what: String, expected: Int, found: Int)
  case tooFewClasses(found: Int)
  case labelOutsideClasses(item: String, label: Int, classes: Int)
  case positiveClassOutsideClasses(positiveClass: Int, classes: Int)
  case emptyGroup(GroupName)
  case repeatedGroup(GroupName)
  case positionOutsideItems(group: GroupName, position: Int, items: Int)
  case positionsNotAscending(group: GroupName, position: Int)
  case repeatedArm(String)
  case noRuns(arm: String)
  case repeatedSeed(arm: String, seed: Int)
  case seedBesideFixedModel(arm: String)
  case classCountMismatch(arm: String, seed: Int?, expected: Int, found: Int)
  case nonFiniteLogit(arm: String, seed: Int?, item: String)
  case unknownArm(String, known: [String])
  case unequalSeeds(arm: String, seeds: [Int], reference: String, referenceSeeds: [Int])
  case repeatedComparison(arm: String, reference: String)
  case scoreOutsideRange(arm: String, item: String, score: Double)
  case marginOutsideRange(Double)
  case negativeMinimumGroupSize(Int)
  case negativeMinimumClusters(Int)
}

extension EvaluationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noItems: "There are no items to evaluate; the test split must hold at least one."
    case .noArms: "There are no arms to evaluate; give the predictions of at least one."
    case .countMismatch(let what, let expected, let found): "Expected \(expected) \(what), found \(found)."
    case .tooFewClasses(let found): "Expected at least two classes, found \(found)."
    case .labelOutsideClasses(let item, let label, let classes):
      "Item \(item) has class \(label); expected 0 to \(classes - 1)."
    case .positiveClassOutsideClasses(let positiveClass, let classes):
      "The positive class is \(positiveClass); expected 0 to \(classes - 1)."
    case .emptyGroup(let group): "Group \(group) has no items; leave it out or add items to the test split."
    case .repeatedGroup(let group): "Group \(group) is given twice; give its items once."
    case .positionOutsideItems(let group, let position, let items):
      "Group \(group) names the item at position \(position); expected 0 to \(items - 1)."
    case .positionsNotAscending(let group, let position):
      "The items of group \(group) are not strictly ascending at position \(position); sort them, each once."
    case .repeatedArm(let arm): "Arm \(arm) is given twice; give all its runs at once."
    case .noRuns(let arm): "Arm \(arm) has no runs; expected one for every seed."
    case .repeatedSeed(let arm, let seed): "Arm \(arm) has seed \(seed) twice; expected each seed once."
    case .seedBesideFixedModel(let arm):
      "Arm \(arm) has several runs, one of them without a seed; a model that no seed changes has one run."
    case .classCountMismatch(let arm, let seed, let expected, let found):
      "Arm \(arm)\(Self.text(seed)) has logits for \(found) classes; expected \(expected)."
    case .nonFiniteLogit(let arm, let seed, let item):
      "Arm \(arm)\(Self.text(seed)) has a logit that is not finite for item \(item); the run diverged or its file is damaged."
    case .unknownArm(let arm, let known):
      "A comparison names arm \(arm), which has no predictions; expected one of \(known.joined(separator: ", "))."
    case .unequalSeeds(let arm, let seeds, let reference, let referenceSeeds):
      "Arm \(arm) has seeds \(seeds) and \(reference) has \(referenceSeeds); a paired comparison needs the same ones."
    case .repeatedComparison(let arm, let reference): "The comparison of \(arm) with \(reference) is declared twice."
    case .scoreOutsideRange(let arm, let item, let score):
      "Arm \(arm) has score \(score) for item \(item); expected 0 to 1."
    case .marginOutsideRange(let margin): "The margin is \(margin); expected a share from 0 to below 1, such as 0.03."
    case .negativeMinimumGroupSize(let size): "The minimum group size is \(size); expected 0 or more."
    case .negativeMinimumClusters(let count): "The minimum number of clusters is \(count); expected 0 or more."
    }
  }

  private static func text(_ seed: Int?) -> String { seed.map { ", seed \($0)" } ?? "" }
}
