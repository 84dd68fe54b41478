import Foundation
import Metrics
package import Statistics

/// Why interim analyses cannot be planned.
package enum InterimAnalysisPlanError: Error, Equatable, Sendable, CustomStringConvertible {
  case noAnalyses
  case invalidSize(analysis: Int, models: Int)
  case notAscending(analysis: Int, models: Int, before: Int)
  case alphaOutsideRange(Double)

  package var description: String {
    switch self {
    case .noAnalyses: "There are no interim analyses; expected the numbers of models at which they are made."
    case .invalidSize(let analysis, let models):
      "Interim analysis \(analysis + 1) is at \(models) models; expected an even number of six or more."
    case .notAscending(let analysis, let models, let before):
      "Interim analysis \(analysis + 1) is at \(models) models, after one at \(before); expected ascending sizes."
    case .alphaOutsideRange(let alpha): "The total error is \(alpha); expected a share above 0 and below .5."
    }
  }
}

/// A group-sequential design: analyses of symmetric shadow models at fixed numbers of models, in plan order, whose
/// intervals together err no more often than those of one analysis.
///
/// Each analysis spends the error that the spending function allows beyond the earlier analyses. Its interval has that
/// error
/// whatever was seen before, and by Bonferroni's inequality all intervals hold at once with the total confidence. The
/// narrower boundaries for independent increments are not used: analyses share their items, so their joint distribution
/// is not known.
package struct InterimAnalysisPlan: Equatable, Sendable {
  package struct Analysis: Equatable, Sendable {
    /// The analysis reads this many models, the first of the plan.
    package var models: Int
    /// The error that this analysis and the earlier ones may make together.
    package var spent: Double
    /// The confidence level of this analysis's intervals.
    package var confidence: Double
  }

  package let spending: AlphaSpending
  /// The total error of all analyses, two-sided.
  package let alpha: Double
  package let analyses: [Analysis]

  /// The smallest error that an analysis spends.
  private static let least = 1e-9

  /// - Parameters:
  ///   - models: The sizes, ascending, even and at least six; the last is the number of all models.
  ///   - alpha: .05 for intervals that all hold with 95 %.
  package init(
    models: [Int], alpha: Double = 0.05, spending: AlphaSpending = .obrienFleming
  ) throws(InterimAnalysisPlanError) {
    guard let whole = models.last else { throw .noAnalyses }
    guard alpha > 0, alpha < 0.5 else { throw .alphaOutsideRange(alpha) }
    var analyses: [Analysis] = []
    var before = 0.0
    for (number, size) in models.enumerated() {
      guard size >= 6, size % 2 == 0 else { throw .invalidSize(analysis: number, models: size) }
      if number > 0, size <= models[number - 1] {
        throw .notAscending(analysis: number, models: size, before: models[number - 1])
      }
      // Every analysis needs an error to spend, or its interval would be unbounded.
      let spent = max(spending.spent(at: Double(size) / Double(whole), alpha: alpha), before + Self.least)
      analyses.append(Analysis(models: size, spent: spent, confidence: 1 - (spent - before)))
      before = spent
    }
    (self.spending, self.alpha, self.analyses) = (spending, alpha, analyses)
  }
}

/// When a figure is known well enough.
package enum InterimAnalysisGoal: Equatable, Sendable {
  /// Its interval reaches no farther than this from it, to either side.
  case halfWidth(Double)
  /// Its interval lies wholly on one side of this.
  case limit(Double)
}

/// The decision of an interim analysis.
package enum InterimAnalysisDecision: Equatable, Sendable {
  package enum Reason: Equatable, Sendable {
    /// The interval is as narrow as was wanted.
    case narrowEnough(halfWidth: Double)
    /// The interval lies below, or above, the limit.
    case belowLimit(upper: Double)
    case aboveLimit(lower: Double)
    /// There are no more models.
    case allModelsTrained
  }

  case stop(Reason)
  /// `because` says what is not yet reached.
  case goOn(because: String)
}

extension InterimAnalysisPlan {
  /// Whether to stop at an interim analysis.
  ///
  /// - Parameters:
  ///   - analysis: From 0; a number beyond the last counts as the last.
  ///   - estimate: With an interval at the analysis's confidence level.
  package func decide(at analysis: Int, estimate: Measured<Estimate>, goal: InterimAnalysisGoal)
    -> InterimAnalysisDecision
  {
    switch reason(estimate, goal: goal) {
    case .success(let reason): return .stop(reason)
    case .failure(let missing):
      return analysis < analyses.count - 1 ? .goOn(because: missing.text) : .stop(.allModelsTrained)
    }
  }

  private struct Missing: Error {
    let text: String
  }

  private func reason(_ estimate: Measured<Estimate>, goal: InterimAnalysisGoal) -> Result<
    InterimAnalysisDecision.Reason, Missing
  > {
    let figure: Estimate
    switch estimate {
    case .value(let value): figure = value
    case .undefined(let reason, _): return .failure(Missing(text: "the figure is undefined: \(reason)"))
    }
    let interval: Interval
    switch figure.interval {
    case .value(let value): interval = value
    case .undefined(let reason, _): return .failure(Missing(text: "the figure has no interval: \(reason)"))
    }
    switch goal {
    case .halfWidth(let wanted):
      let reach = max(interval.upper - figure.value, figure.value - interval.lower)
      return reach <= wanted
        ? .success(.narrowEnough(halfWidth: reach))
        : .failure(Missing(text: "the interval reaches \(reach) from the figure; \(wanted) is wanted"))
    case .limit(let limit):
      if interval.upper < limit { return .success(.belowLimit(upper: interval.upper)) }
      if interval.lower > limit { return .success(.aboveLimit(lower: interval.lower)) }
      return .failure(
        Missing(text: "the interval from \(interval.lower) to \(interval.upper) holds the limit \(limit)"))
    }
  }
}

/// How much of the total error an analysis may have spent when it has seen a share of its data (Lan and DeMets 1983).
package enum AlphaSpending: String, CaseIterable, Equatable, Sendable {
  /// Little at first: α(t) = 2 − 2Φ(z_{1 − α/2} / √t), near to the boundaries of O'Brien and Fleming (1979).
  case obrienFleming = "obrien-fleming"
  /// Evenly: α(t) = α·ln(1 + (e − 1)·t), near to the boundaries of Pocock (1977).
  case pocock

  /// What is spent up to a share `information` of the data.
  ///
  /// - Parameters:
  ///   - information: In [0, 1].
  ///   - alpha: The total, two-sided, in (0, 1).
  package func spent(at information: Double, alpha: Double) -> Double {
    guard information > 0 else { return 0 }
    guard information < 1 else { return alpha }
    switch self {
    case .obrienFleming:
      return 2 * NormalDistribution.cumulative(-NormalDistribution.quantile(1 - alpha / 2) / information.squareRoot())
    case .pocock: return alpha * log1p((exp(1) - 1) * information)
    }
  }
}
