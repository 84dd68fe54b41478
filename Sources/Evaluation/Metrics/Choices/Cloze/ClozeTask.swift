/// Frames whose candidates are scored, in a fixed order.
package struct ClozeTask: Equatable, Sendable {
  package let frames: [ClozeFrame]
  /// All candidates, in the order in which they first occur.
  package let candidates: [String]
  /// By frame, the places of its candidates among all.
  let candidatesOfFrames: [[Int]]
  /// Where the scores of every frame begin; one more than there are frames.
  private let starts: [Int]

  /// More would be words of single frames, of which shares say nothing.
  package static let mostCandidates = 1_000

  /// - Throws: `ChoiceError` for no frames, frames with one identifier, and too many different candidates.
  package init(frames: [ClozeFrame]) throws(ChoiceError) {
    guard !frames.isEmpty else { throw .noQuestions }
    var identifiers: Set<String> = []
    var numbers: [String: Int] = [:]
    var candidates: [String] = []
    var ofFrames: [[Int]] = []
    var starts = [0]
    for frame in frames {
      guard identifiers.insert(frame.identifier).inserted else { throw .repeatedQuestion(frame.identifier) }
      ofFrames.append(
        frame.candidates.map { candidate in
          if let number = numbers[candidate] { return number }
          numbers[candidate] = candidates.count
          candidates.append(candidate)
          return candidates.count - 1
        })
      starts.append((starts.last ?? 0) + frame.candidates.count)
    }
    guard candidates.count <= Self.mostCandidates else {
      throw .tooManyCandidates(found: candidates.count, most: Self.mostCandidates)
    }
    (self.frames, self.candidates) = (frames, candidates)
    (candidatesOfFrames, self.starts) = (ofFrames, starts)
  }

  /// How many continuations there are of all frames.
  package var continuationCount: Int { starts.last ?? 0 }

  /// What is scored, frame by frame and candidate by candidate; the order in which scores are expected.
  package var continuations: [ContinuationTexts] { frames.flatMap(\.continuations) }

  func places(of frame: Int) -> Range<Int> { starts[frame]..<starts[frame + 1] }

  func validate(_ run: RunScores, arm: String) throws(ChoiceError) {
    guard run.scores.count == continuationCount else {
      throw .scoreCount(arm: arm, seed: run.seed, expected: continuationCount, found: run.scores.count)
    }
    for (frame, asked) in frames.enumerated() {
      for (candidate, place) in places(of: frame).enumerated() {
        try run.scores[place].validate(arm: arm, seed: run.seed) {
          "frame \(asked.identifier), candidate \(candidate)"
        }
      }
    }
  }
}
