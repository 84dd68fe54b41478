import Foundation
package import Statistics
package import Support

/// The words that the arms would put into cloze frames, and their comparison.
package struct ClozeEvaluation: Equatable, Sendable {
  package var confidence: Double
  /// In the order of the scores.
  package var arms: [ArmCloze]
  /// By comparison, part (all frames first) and candidate.
  package var comparisons: [ClozeComparison]

  /// Evaluates every arm over all frames and in every group. A pure function of its arguments.
  ///
  /// - Parameters:
  ///   - task: The frames; `ClozeTask.continuations` says in which order scores are expected.
  ///   - comparisons: Each an arm and a reference, on the same resamples of clusters.
  ///   - groups: Sets of positions among the frames; they may overlap.
  ///   - clusters: Which cluster every frame belongs to; any whole numbers.
  ///   - confidence: Of every interval, above .5 and below 1.
  ///   - key: Where resamples are drawn from, the same for every arm.
  /// - Throws: `ChoiceError` naming the arm, seed, frame or group that is wrong.
  package static func evaluate(
    task: ClozeTask, arms: [ArmScores], comparisons: [ArmComparison] = [], groups: [Subgroup] = [], clusters: [Int],
    confidence: Double = 0.95, resamples: Int = ChoiceEvaluation.standardResamples, key: RandomKey
  ) throws(ChoiceError) -> ClozeEvaluation {
    let intervals = try ResampledIntervals(confidence: confidence)
    guard resamples >= 100 else { throw .tooFewResamples(resamples) }
    try arms.validate(comparisons)
    let parts = try ItemSubset.all(identifiers: task.frames.map(\.identifier), groups: groups, clusters: clusters)
    for arm in arms {
      for run in arm.runs { try task.validate(run, arm: arm.arm) }
    }
    let choices = arms.map { arm in concurrentMap(arm.runs.count) { ClozeChoices(task, run: arm.runs[$0]) } }
    let resampled = parts.map {
      ResampledCloze(choices, part: $0, task: task, resamples: resamples, key: key[.cloze])
    }
    let computation = ClozeComputation(task: task, intervals: intervals)
    return ClozeEvaluation(
      confidence: confidence,
      arms: arms.indices.compactMap { arm in
        let measures = resampled.map { computation.measures(choices[arm], arm: arm, resampled: $0) }
        return measures.first.map {
          ArmCloze(arm: arms[arm].arm, overall: $0, groups: Array(measures.dropFirst()))
        }
      },
      comparisons: comparisons.flatMap { pair -> [ClozeComparison] in
        guard let runs = RunPairs(pair, arms: arms) else { return [] }
        return resampled.flatMap { computation.comparisons(pair, runs: runs, resampled: $0) }
      })
  }
}

/// How likely a candidate is, over the frames that offer it.
package struct CandidateShare: Codable, Equatable, Sendable {
  private enum CodingKeys: String, CodingKey {
    case mass = "probability"
    case massSpread = "probability_seed_spread"
    case candidate, n, share
  }

  package var candidate: String
  /// The frames that offer it.
  package var n: Int
  /// The share of those frames in which it is the likeliest candidate.
  package var share: Measured<Proportion>
  /// The mean of its probability, normalized over each frame's candidates.
  package var mass: Measured<Estimate>
  /// The spread of the mass over seeds.
  package var massSpread: Measured<SeedSpread>
}

/// The words that one arm would put into frames, in one group or over all of them; figures are averaged over the seeds.
///
/// A candidate's probability is that of all its tokens; it is not divided by their number, since candidates are whole
/// words that exclude each other.
package struct ClozeMeasures: Codable, Equatable, Sendable {
  /// `nil` for all frames.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  /// In the order of the task's candidates.
  package var candidates: [CandidateShare]
  /// Frames, over all runs, in which several candidates were the likeliest.
  package var ties: Int
}

/// The words that one arm would put into frames.
package struct ArmCloze: Codable, Equatable, Sendable {
  package var arm: String
  package var overall: ClozeMeasures
  /// In the order of the groups.
  package var groups: [ClozeMeasures]
}

/// How much likelier a candidate is to an arm than to a reference, on the same frames.
package struct ClozeComparison: Codable, Equatable, Sendable {
  private enum CodingKeys: String, CodingKey {
    case mass = "probability"
    case arm, reference, group, candidate, n, share
  }

  package var arm: String
  package var reference: String
  /// `nil` for all frames.
  package var group: GroupName?
  package var candidate: String
  /// The frames that offer it.
  package var n: Int
  package var share: Measured<FigureDifference>
  package var mass: Measured<FigureDifference>
}

/// Puts figures and their resamples together.
struct ClozeComputation {
  let task: ClozeTask
  let intervals: ResampledIntervals

  private static let notOffered = "no frame offers it"

  func measures(_ runs: [ClozeChoices], arm: Int, resampled: ResampledCloze) -> ClozeMeasures {
    let part = resampled.part
    return ClozeMeasures(
      group: part.name, n: part.items.count, clusters: part.clusters.count,
      candidates: task.candidates.enumerated().map { candidate, text in
        CandidateShare(
          candidate: text, n: resampled.frames[candidate],
          share: part.proportion(
            tail: intervals.tail, reason: Self.notOffered,
            runs: runs.map { run in
              part.items.map { frame in
                task.candidatesOfFrames[frame].contains(candidate) ? (run.choices[frame] == candidate ? 1 : 0) : nil
              }
            }),
          mass: mass(candidate, arm: arm, resampled: resampled),
          massSpread: spread(resampled.values(.mass, arm: arm, candidate: candidate), n: part.items.count))
      },
      ties: part.items.reduce(0) { sum, frame in sum + runs.count { $0.ties[frame] } })
  }

  private func mass(_ candidate: Int, arm: Int, resampled: ResampledCloze) -> Measured<Estimate> {
    let values = resampled.values(.mass, arm: arm, candidate: candidate)
    return mean(values, n: resampled.part.items.count).map { value in
      Estimate(
        value: value,
        interval: intervals.interval(
          value, replicates: resampled.replicates(.mass, arm: arm, candidate: candidate),
          clusters: resampled.clusters[candidate], bySeed: values, range: 0...1, scale: 1))
    }
  }

  private func mean(_ values: [Double], n: Int) -> Measured<Double> {
    values.isEmpty
      ? .undefined(reason: Self.notOffered, n: n) : .value(values.reduce(0, +) / Double(values.count))
  }

  private func spread(_ values: [Double], n: Int) -> Measured<SeedSpread> {
    values.isEmpty
      ? .undefined(reason: Self.notOffered, n: n) : .value(SeedSpread(values: values, tail: intervals.tail))
  }

  func comparisons(
    _ pair: ArmComparison, runs: RunPairs, resampled: ResampledCloze
  ) -> [ClozeComparison] {
    let n = resampled.part.items.count
    func difference(_ figure: ResampledCloze.Figure, candidate: Int) -> Measured<FigureDifference> {
      let own = resampled.values(figure, arm: runs.arm, candidate: candidate)
      let others = resampled.values(figure, arm: runs.reference, candidate: candidate)
      guard let value = mean(own, n: n).value, let other = mean(others, n: n).value else {
        return .undefined(reason: Self.notOffered, n: n)
      }
      let replicates = zip(
        resampled.replicates(figure, arm: runs.arm, candidate: candidate),
        resampled.replicates(figure, arm: runs.reference, candidate: candidate)
      ).map { first, second in first.flatMap { first in second.map { first - $0 } } }
      let bySeed = runs.differences(own, others)
      return .value(
        FigureDifference(
          value: value - other,
          interval: intervals.interval(
            value - other, replicates: replicates, clusters: resampled.clusters[candidate], bySeed: bySeed,
            range: -1...1, scale: 1),
          seedSpread: SeedSpread(values: bySeed, tail: intervals.tail)))
    }
    return task.candidates.enumerated().map { candidate, text in
      ClozeComparison(
        arm: pair.arm, reference: pair.reference, group: resampled.part.name, candidate: text,
        n: resampled.frames[candidate], share: difference(.share, candidate: candidate),
        mass: difference(.mass, candidate: candidate))
    }
  }
}

/// The words that one run would put into every frame.
struct ClozeChoices: Sendable {
  /// By frame and candidate of the frame: its probability, normalized over the frame's candidates.
  let masses: [[Double]]
  /// By frame the index of the likeliest candidate among all candidates of the task; of equal ones the frame's first.
  let choices: [Int]
  let ties: [Bool]

  /// - Parameter run: Checked to have a score for every candidate of every frame.
  init(_ task: ClozeTask, run: RunScores) {
    var masses: [[Double]] = []
    var choices: [Int] = []
    var ties: [Bool] = []
    for (frame, candidates) in task.candidatesOfFrames.enumerated() {
      let scores = Ranking.normalized(task.range(of: frame).map { run.scores[$0].logLikelihood })
      let best = Ranking.largest(scores)
      masses.append(scores.map { exp($0) })
      choices.append(candidates[best.index])
      ties.append(best.isTied)
    }
    (self.masses, self.choices, self.ties) = (masses, choices, ties)
  }
}

/// Shares and masses of every candidate in one part under resampling of whole clusters, the same clusters for all arms.
struct ResampledCloze: Sendable {
  enum Figure: Int, CaseIterable { case share, mass }

  private static let width = 3

  let part: ItemSubset
  /// By candidate, how many frames of the part offer it, and how many clusters.
  let frames: [Int]
  let clusters: [Int]
  /// By arm, run and candidate: offered, chosen, mass.
  private let totals: [[[Double]]]
  /// By resample, arm and sum: the same, added over the runs.
  private let drawn: [[[Double]]]

  /// - Parameters:
  ///   - choices: By arm and run.
  init(_ choices: [[ClozeChoices]], part: ItemSubset, task: ClozeTask, resamples: Int, key: RandomKey) {
    let key = key.named(part.name)
    let bootstrap = ClusterBootstrap(part.clusters, key: key)
    let tables = choices.map { runs in
      runs.map { run in
        bootstrap.sums(width: Self.width * task.candidates.count) { position, row in
          let frame = part.items[position]
          for (candidate, mass) in zip(task.candidatesOfFrames[frame], run.masses[frame]) {
            row[Self.width * candidate] += 1
            row[Self.width * candidate + 1] += run.choices[frame] == candidate ? 1 : 0
            row[Self.width * candidate + 2] += mass
          }
        }
      }
    }
    drawn = bootstrap.resampled(resamples) { weights in
      tables.map { runs in
        var sums = [Double](repeating: 0, count: Self.width * task.candidates.count)
        for run in runs {
          for (position, sum) in run.sums(weights: weights).enumerated() { sums[position] += sum }
        }
        return sums
      }
    }
    totals = tables.map { $0.map(\.totals) }
    var frames = [Int](repeating: 0, count: task.candidates.count)
    var offering = [Set<Int>](repeating: [], count: task.candidates.count)
    for (position, frame) in part.items.enumerated() {
      for candidate in task.candidatesOfFrames[frame] {
        frames[candidate] += 1
        offering[candidate].insert(part.clusters.ofItem[position])
      }
    }
    (self.part, self.frames, clusters) = (part, frames, offering.map(\.count))
  }

  /// The figure of every run of an arm; empty if no frame offers the candidate.
  func values(_ figure: Figure, arm: Int, candidate: Int) -> [Double] {
    totals[arm].compactMap { Self.ratio(figure, of: $0, candidate: candidate) }
  }

  /// One per resample, averaged over the runs; nil if no frame of it offers the candidate.
  func replicates(_ figure: Figure, arm: Int, candidate: Int) -> [Double?] {
    drawn.map { Self.ratio(figure, of: $0[arm], candidate: candidate) }
  }

  private static func ratio(_ figure: Figure, of sums: [Double], candidate: Int) -> Double? {
    let offered = sums[width * candidate]
    return offered > 0 ? sums[width * candidate + 1 + figure.rawValue] / offered : nil
  }
}
