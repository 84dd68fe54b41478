import Foundation

/// What one run would put into every frame.
struct ClozeChoices: Sendable {
  /// By frame and candidate of the frame: its probability, normalized over the frame's candidates.
  let masses: [[Double]]
  /// By frame the place of the likeliest candidate among all candidates of the task; of equal ones the frame's first.
  let choices: [Int]
  let ties: [Bool]

  /// - Parameter run: Checked to have a score for every candidate of every frame.
  init(_ task: ClozeTask, run: RunScores) {
    var masses: [[Double]] = []
    var choices: [Int] = []
    var ties: [Bool] = []
    for (frame, candidates) in task.candidatesOfFrames.enumerated() {
      let scores = Ranking.normalized(task.places(of: frame).map { run.scores[$0].logLikelihood })
      let best = Ranking.largest(scores)
      masses.append(scores.map { exp($0) })
      choices.append(candidates[best.place])
      ties.append(best.isTied)
    }
    (self.masses, self.choices, self.ties) = (masses, choices, ties)
  }
}
