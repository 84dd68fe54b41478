package import Planning

/// A part of the audit whose cost is measured separately.
package struct Phase: Sendable, Equatable {
  /// The position of the arm in the specification.
  package let arm: Int
  package let kind: Kind
  /// Positions in the plan's runs.
  package let runs: [Int]
  /// The interim analysis that follows these shadow models, from 0.
  package let analysis: Int

  package init(arm: Int, kind: Kind, runs: [Int], analysis: Int = 0) {
    self.arm = arm
    self.kind = kind
    self.runs = runs
    self.analysis = analysis
  }

  /// Whether the runs before it may have been enough.
  var isConditional: Bool { kind == .shadowModels && analysis > 0 }

  package enum Kind: String, Sendable, CaseIterable {
    /// Trains and scores the candidates for an arm's settings.
    case search
    case training
    case evaluation
    /// Trains and scores the shadow models.
    case shadowModels
  }

  /// The phases of some runs, in the order in which they are worked on: one after another, so that the wall-clock of each
  /// can be told.
  ///
  /// - Parameter analyses: the numbers of an arm's shadow models, ascending, after which an interim analysis follows.
  package static func all(
    of runs: [PlannedRun], arms: Int, analyses: (_ arm: Int) -> [Int] = { _ in [] }
  ) -> [Phase] {
    (0..<arms).flatMap { arm -> [Phase] in
      var (search, task, shadowModels, given): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
      for (index, run) in runs.enumerated() where run.arm == arm {
        switch run.purpose {
        case .search: search.append(index)
        case .task: task.append(index)
        case .shadowModel: shadowModels.append(index)
        case .given: given.append(index)
        }
      }
      let phases = [
        Phase(arm: arm, kind: .search, runs: search), Phase(arm: arm, kind: .training, runs: task),
        Phase(arm: arm, kind: .evaluation, runs: task + given),
      ]
      let ends = analyses(arm).filter { $0 < shadowModels.count } + [shadowModels.count]
      let parts = zip([0] + ends, ends).enumerated().map { analysis, part in
        Phase(arm: arm, kind: .shadowModels, runs: Array(shadowModels[part.0..<part.1]), analysis: analysis)
      }
      return (phases + parts).filter { !$0.runs.isEmpty }
    }
  }
}
