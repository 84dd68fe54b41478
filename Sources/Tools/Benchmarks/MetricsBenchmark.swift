import Foundation
import Metrics
import Statistics
import Support

/// Measures how long intervals of every figure in every group take, compared with one pass of another library over the
/// same work.
package enum MetricsBenchmark {
  package struct Settings: Sendable {
    /// Items, each predicted once.
    package var items: Int
    package var groups: Int
    /// At most the number of items; each cluster is in one group.
    package var clusters: Int
    package var resamples: Int
    /// A program and its arguments that prints `{"seconds": …}` for one pass over the same items and groups; nil for
    /// none.
    package var peer: [String]?

    package init(items: Int, groups: Int, clusters: Int, resamples: Int, peer: [String]?) {
      self.items = items
      self.groups = groups
      self.clusters = clusters
      self.resamples = resamples
      self.peer = peer
    }
  }

  package struct Measurement: Codable, Sendable {
    package var items: Int
    package var groups: Int
    package var clusters: Int
    package var resamples: Int
    /// Resampled figures, each for all items and every group.
    package var metrics: Int
    /// From labels and logits to the intervals.
    package var seconds: Double
    /// For everything that is reported about an arm: rates, gaps with their permutations, calibration.
    package var evaluationSeconds: Double
    /// The peak of the whole process.
    package var peakBytes: Int
    /// The peer's seconds for a single resample.
    package var peerSeconds: Double?
    /// The peer's seconds times the resamples, divided by the seconds here.
    package var ratio: Double?
  }

  package static func run(_ settings: Settings) throws -> Measurement {
    let (items, logits) = try predictions(settings)
    var start = ContinuousClock.now
    let found = try FigureResamples.all(
      items: items, runs: [logits], resamples: settings.resamples, key: RandomKey(seed: 2))
    let figures = ResampledFigure.allCases
    guard found.count == settings.groups + 1,
      found.allSatisfy({ group in figures.allSatisfy { group.interval($0).value != nil } })
    else { throw BenchmarkError("a figure has no interval") }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    start = .now
    _ = try FairnessEvaluation.evaluate(
      items: items, arms: [ArmPredictions(arm: "model", runs: [RunPredictions(seed: nil, logits: logits)])],
      comparisons: [], rule: DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 50),
      key: RandomKey(seed: 3))
    let evaluationSeconds = (ContinuousClock.now - start) / .seconds(1)
    let peak = ProcessStatus.peakResidentBytes(of: getpid())
    let peer = try settings.peer.map(peerSeconds)
    return Measurement(
      items: settings.items, groups: settings.groups, clusters: settings.clusters, resamples: settings.resamples,
      metrics: figures.count, seconds: seconds, evaluationSeconds: evaluationSeconds, peakBytes: peak,
      peerSeconds: peer, ratio: peer.map { $0 * Double(settings.resamples) / seconds })
  }

  /// Random labels, and the predictions of an over-confident model.
  private static func predictions(_ settings: Settings) throws -> (EvaluationItems, Logits) {
    var generator = RandomKey(seed: 1)[.predictions].generator
    var (values, labels, clusters): ([Float], [Int], [Int]) = ([], [], [])
    var members = [[Int]](repeating: [], count: settings.groups)
    for item in 0..<settings.items {
      let truth = generator.normal()
      labels.append(generator.uniform() < 1 / (1 + exp(-truth)) ? 1 : 0)
      values += [0, Float(1.3 * truth)]
      let cluster = item % settings.clusters
      clusters.append(cluster)
      members[cluster % settings.groups].append(item)
    }
    let items = EvaluationItems(
      identifiers: (0..<settings.items).map { "item-\($0)" }, labels: labels, classNames: ["no", "yes"],
      clusters: clusters, groups: members.enumerated().map { Subgroup(column: "group", value: "\($0)", items: $1) },
      positiveClass: 1)
    return (items, try Logits(values: values, count: settings.items, classes: 2))
  }

  private static func peerSeconds(_ command: [String]) throws -> Double {
    struct Line: Decodable {
      let seconds: Double
    }
    let line: Line = try BenchmarkPeer.answer(command)
    return line.seconds
  }
}
