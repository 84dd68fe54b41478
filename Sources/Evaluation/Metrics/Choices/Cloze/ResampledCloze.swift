import Statistics
import Support

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
    let blocks = ResamplingBlocks(part.clusters, key: key)
    let tables = choices.map { runs in
      runs.map { run in
        BlockSums(blocks, width: Self.width * task.candidates.count) { place, row in
          let frame = part.members[place]
          for (candidate, mass) in zip(task.candidatesOfFrames[frame], run.masses[frame]) {
            row[Self.width * candidate] += 1
            row[Self.width * candidate + 1] += run.choices[frame] == candidate ? 1 : 0
            row[Self.width * candidate + 2] += mass
          }
        }
      }
    }
    drawn = concurrentMap(resamples) { number in
      let weights = blocks.weights(resample: number, key: key)
      return tables.map { runs in
        var sums = [Double](repeating: 0, count: Self.width * task.candidates.count)
        for run in runs {
          for (place, sum) in run.sums(weights: weights).enumerated() { sums[place] += sum }
        }
        return sums
      }
    }
    totals = tables.map { $0.map(\.totals) }
    var frames = [Int](repeating: 0, count: task.candidates.count)
    var offering = [Set<Int>](repeating: [], count: task.candidates.count)
    for (place, frame) in part.members.enumerated() {
      for candidate in task.candidatesOfFrames[frame] {
        frames[candidate] += 1
        offering[candidate].insert(part.clusters.ofItem[place])
      }
    }
    (self.part, self.frames, clusters) = (part, frames, offering.map(\.count))
  }

  /// The figure of every run of an arm; empty where no frame offers the candidate.
  func values(_ figure: Figure, arm: Int, candidate: Int) -> [Double] {
    totals[arm].compactMap { Self.ratio(figure, of: $0, candidate: candidate) }
  }

  /// One a resample, averaged over the runs; nil where no frame of it offers the candidate.
  func replicates(_ figure: Figure, arm: Int, candidate: Int) -> [Double?] {
    drawn.map { Self.ratio(figure, of: $0[arm], candidate: candidate) }
  }

  private static func ratio(_ figure: Figure, of sums: [Double], candidate: Int) -> Double? {
    let offered = sums[width * candidate]
    return offered > 0 ? sums[width * candidate + 1 + figure.rawValue] / offered : nil
  }
}
