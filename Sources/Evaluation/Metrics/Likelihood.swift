import Foundation
package import Statistics
package import Support

/// How likely language models find the texts of one group, or of all.
package struct GroupLikelihood: Codable, Equatable, Sendable {
  /// nil for all texts.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  /// Tokens that are predicted.
  package var tokens: Int
  /// exp(−log-likelihood of all texts / their tokens), averaged over seeds.
  package var perplexity: SeededEstimate
  /// The mean over texts of exp(log-likelihood / tokens), from 0 to 1: every text weighs the same.
  package var tokenProbability: SeededEstimate
}

package struct ArmLikelihood: Codable, Equatable, Sendable {
  package var arm: String
  package var overall: GroupLikelihood
  /// In the order of the items' groups.
  package var groups: [GroupLikelihood]
}

/// Perplexity and probability of texts by arm and group, and how arms compare.
package struct LikelihoodEvaluation: Equatable, Sendable {
  /// About the token probability.
  package var rule: DecisionRule
  package var arms: [ArmLikelihood]
  /// For every declared comparison: over all texts first, then by group.
  package var comparisons: [PairedComparison]
  package var exploratoryComparisons: [PairedComparison]
  /// The number of comparisons that Holm's correction counts.
  package var familySize: Int
}

/// How likely one arm's models find some texts: for every text, the summed log-likelihood of its tokens.
package typealias ArmLikelihoods = ArmRuns<[Double]>

extension LikelihoodEvaluation {
  /// Bootstrap resamples for perplexity and probability.
  package static let resamples = 2_000

  /// Evaluates every arm and compares those that are to be compared. A pure function of its arguments, in which the
  /// order of the texts does not matter.
  ///
  /// - Parameters:
  ///   - tokens: How many tokens of each text are predicted, one at least.
  ///   - comparisons: Those declared before the run; with the groups they form Holm's family.
  ///   - exploratory: Others, which are described and not decided upon.
  /// - Throws: `EvaluationError` naming the arm or item that is wrong.
  package static func evaluate(
    items: EvaluationItems, tokens: [Int], arms: [ArmLikelihoods], comparisons: [ArmComparison],
    exploratory: [ArmComparison] = [], margin: Double, minimumGroupSize: Int, minimumClusters: Int,
    key: RandomKey
  ) throws(EvaluationError) -> LikelihoodEvaluation {
    try items.validate()
    guard tokens.count == items.count, tokens.allSatisfy({ $0 > 0 }) else {
      throw .countMismatch(what: "texts with tokens", expected: items.count, found: tokens.count { $0 > 0 })
    }
    try ArmLikelihoods.validate(arms, comparisons: comparisons + exploratory)
    for arm in arms {
      for run in arm.runs where run.output.count != items.count {
        throw .countMismatch(
          what: "texts with log-likelihoods of arm \(arm.arm)", expected: items.count, found: run.output.count)
      }
    }
    let rule = DecisionRule(
      metric: .tokenProbability, margin: margin, minimumGroupSize: minimumGroupSize,
      minimumClusters: minimumClusters)
    let order = items.canonicalOrder
    let sorted = items.reordered(order)
    let counts = order.map { Double(tokens[$0]) }
    let likelihoods = arms.map { arm in arm.runs.map { run in order.map { run.output[$0] } } }
    let subsets = ItemSubset.all(of: sorted)
    let described = subsets.map { subset in
      LikelihoodResamples(subset, tokens: counts, arms: likelihoods, key: key[.likelihood].named(subset.name)).groups
    }
    let probabilities = likelihoods.map { runs in runs.map { sums in zip(sums, counts).map { exp(min(0, $0 / $1)) } } }
    func compare(_ pairs: [ArmComparison], isDeclared: Bool) throws(EvaluationError) -> [PairedComparison] {
      try PairedComparison.family(
        pairs.compactMap { ScoreComparison($0, arms: arms, scores: probabilities) }, of: .fraction, items: sorted,
        rule: rule,
        isDeclared: isDeclared, key: key[.comparison])
    }
    let declared = try compare(comparisons, isDeclared: true)
    return LikelihoodEvaluation(
      rule: rule,
      arms: arms.indices.map { arm in
        ArmLikelihood(
          arm: arms[arm].arm, overall: described[0][arm], groups: described.dropFirst().map { $0[arm] })
      },
      comparisons: declared,
      exploratoryComparisons: try compare(exploratory, isDeclared: false),
      familySize: declared.count(where: \.isInFamily))
  }
}

/// Perplexity and probability of every arm in one subset; a resample draws the same clusters for all arms and seeds.
private struct LikelihoodResamples {
  /// In the order of the arms.
  let groups: [GroupLikelihood]

  /// - Parameter arms: Of every arm and run the log-likelihood of every text.
  init(_ subset: ItemSubset, tokens: [Double], arms: [[[Double]]], key: RandomKey) {
    let bootstrap = ClusterBootstrap(subset.clusters, key: key)
    // A row: texts and tokens, then of every run the log-likelihood and the probability.
    let runs = arms.flatMap(\.self)
    let sums = bootstrap.sums(width: 2 + 2 * runs.count) { position, row in
      let item = subset.items[position]
      row[0] += 1
      row[1] += tokens[item]
      for (number, run) in runs.enumerated() {
        row[2 + 2 * number] += run[item]
        row[3 + 2 * number] += exp(min(0, run[item] / tokens[item]))
      }
    }
    let drawn = bootstrap.resampled(subset.clusters.count > 1 ? LikelihoodEvaluation.resamples : 0) { weights in
      sums.sums(weights: weights)
    }
    var first = 0
    groups = arms.map { arm in
      let numbers = first..<first + arm.count
      first += arm.count
      func estimate(_ value: (_ row: [Double], _ run: Int) -> Double) -> SeededEstimate {
        let observed = numbers.map { value(sums.totals, $0) }
        let replicates = drawn.map { row in
          numbers.reduce(0) { $0 + value(row, $1) } / Double(max(1, numbers.count))
        }
        // Every text has both figures, so none is missing in any resample.
        let interval = Replicates(defined: replicates, of: drawn.count, clusters: subset.clusters.count)
          .interval(.atMostOneInTwenty, n: subset.items.count)
        return SeededEstimate(bySeed: observed, interval: interval, clusters: subset.clusters.count)
      }
      return GroupLikelihood(
        group: subset.name, n: subset.items.count, clusters: subset.clusters.count, tokens: Int(sums.totals[1]),
        perplexity: estimate { row, run in exp(-row[2 + 2 * run] / row[1]) },
        tokenProbability: estimate { row, run in row[3 + 2 * run] / row[0] })
    }
  }
}
