import Statistics

/// Puts figures and their resamples together.
struct ClozeComputation {
  let task: ClozeTask
  let intervals: ResampledIntervals

  private static let notOffered = "no frame offers it"

  func measures(_ runs: [ClozeChoices], arm: Int, resampled: ResampledCloze) -> ClozeMeasures {
    let part = resampled.part
    return ClozeMeasures(
      group: part.name, n: part.members.count, clusters: part.clusters.count,
      candidates: task.candidates.enumerated().map { candidate, text in
        CandidateShare(
          candidate: text, n: resampled.frames[candidate],
          share: part.proportion(
            runs: runs.count, tail: intervals.tail, reason: Self.notOffered,
            values: part.members.map { frame in
              task.candidatesOfFrames[frame].contains(candidate)
                ? Double(runs.count { $0.choices[frame] == candidate }) : nil
            }),
          mass: mass(candidate, arm: arm, resampled: resampled),
          massSpread: spread(resampled.values(.mass, arm: arm, candidate: candidate), n: part.members.count))
      },
      ties: part.members.reduce(0) { sum, frame in sum + runs.count { $0.ties[frame] } })
  }

  private func mass(_ candidate: Int, arm: Int, resampled: ResampledCloze) -> Measured<Estimate> {
    mean(resampled.values(.mass, arm: arm, candidate: candidate), n: resampled.part.members.count).map { value in
      Estimate(
        value: value,
        interval: intervals.interval(
          value, replicates: resampled.replicates(.mass, arm: arm, candidate: candidate),
          clusters: resampled.clusters[candidate], range: 0...1, scale: 1))
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
    let n = resampled.part.members.count
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
      return .value(
        FigureDifference(
          value: value - other,
          interval: intervals.interval(
            value - other, replicates: replicates, clusters: resampled.clusters[candidate], range: -1...1, scale: 1),
          seedSpread: SeedSpread(values: runs.differences(own, others), tail: intervals.tail)))
    }
    return task.candidates.enumerated().map { candidate, text in
      ClozeComparison(
        arm: pair.arm, reference: pair.reference, group: resampled.part.name, candidate: text,
        n: resampled.frames[candidate], share: difference(.share, candidate: candidate),
        mass: difference(.mass, candidate: candidate))
    }
  }
}
