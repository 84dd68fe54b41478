import Statistics
import Support

/// The figures of several arms and wordings in one part under resampling of whole clusters, the same clusters for all of
/// them, each averaged over an arm's runs.
struct ResampledChoices: Sendable {
  /// One arm in one wording.
  struct Cell: Sendable {
    /// By run.
    let sums: [ChoiceSums]
    /// By figure and resample; nil where a run has no such figure.
    let replicates: [[Double?]]
    /// By figure, how many clusters have a say in it.
    let clusters: [Int]

    /// The figure of every run; nil where it has none.
    func values(_ figure: ChoiceFigure) -> [Double?] { sums.map { $0.figure(figure) } }

    /// The mean over the runs, or why there is none.
    func value(_ figure: ChoiceFigure, n: Int) -> Measured<Double> {
      let values = values(figure)
      let known = values.compactMap(\.self)
      guard known.count == values.count, !known.isEmpty else {
        let reason = sums.first { $0.figure(figure) == nil }?.reason(figure) ?? "there are no runs"
        let missing = values.count - known.count
        return .undefined(reason: values.count > 1 ? "\(reason) (\(missing) of \(values.count) runs)" : reason, n: n)
      }
      return .value(known.reduce(0, +) / Double(known.count))
    }
  }

  /// By arm and wording.
  let cells: [[Cell]]

  /// - Parameters:
  ///   - choices: By arm, wording and run.
  init(
    _ choices: [[[ChosenOptions]]], part: ItemSubset, questions: [ChoiceQuestion], resamples: Int, key: RandomKey
  ) {
    let key = key.named(part.name)
    let blocks = ResamplingBlocks(part.clusters, key: key)
    let tables = choices.map { wordings in
      wordings.map { runs in
        runs.map { run in
          BlockSums(blocks, width: ChoiceColumn.allCases.count) { place, row in
            let question = part.members[place]
            ChoiceSums.add(questions[question], choice: run.choices[question], to: &row)
          }
        }
      }
    }
    let flat = tables.flatMap(\.self)
    let drawn = concurrentMap(resamples) { number in
      let weights = blocks.weights(resample: number, key: key)
      return flat.map { runs in
        let sums = runs.map { ChoiceSums(values: $0.sums(weights: weights)) }
        return ChoiceFigure.allCases.map { figure -> Double? in
          let values = sums.compactMap { $0.figure(figure) }
          return values.count == sums.count ? values.reduce(0, +) / Double(max(1, sums.count)) : nil
        }
      }
    }
    var next = 0
    cells = choices.indices.map { arm in
      choices[arm].indices.map { wording in
        let cell = next
        next += 1
        return Cell(
          sums: tables[arm][wording].map { ChoiceSums(values: $0.totals) },
          replicates: ChoiceFigure.allCases.indices.map { figure in drawn.map { $0[cell][figure] } },
          clusters: ChoiceFigure.allCases.map { figure in
            part.clusterCount { question in
              choices[arm][wording].contains {
                questions[question].counts(in: figure, choice: $0.choices[question])
              }
            }
          })
      }
    }
  }
}
