/// Frames whose candidates are scored, in a fixed order.
package struct ClozeTask: Equatable, Sendable {
  package let frames: [ClozeFrame]
  /// All candidates, in the order in which they first occur.
  package let candidates: [String]
  /// By frame, the indices of its candidates among all.
  let candidatesOfFrames: [[Int]]
  /// Where the scores of every frame begin; one more than there are frames.
  private let starts: [Int]

  /// More would be words of single frames, whose shares mean nothing.
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

  /// The number of continuations of all frames.
  package var continuationCount: Int { starts.last ?? 0 }

  /// The continuations, frame by frame and candidate by candidate, in the order in which scores are expected.
  package var continuations: [ContinuationTexts] { frames.flatMap(\.continuations) }

  func range(of frame: Int) -> Range<Int> { starts[frame]..<starts[frame + 1] }

  func validate(_ run: RunScores, arm: String) throws(ChoiceError) {
    guard run.scores.count == continuationCount else {
      throw .scoreCount(arm: arm, seed: run.seed, expected: continuationCount, found: run.scores.count)
    }
    for (frame, asked) in frames.enumerated() {
      for (candidate, index) in range(of: frame).enumerated() {
        try run.scores[index].validate(arm: arm, seed: run.seed) {
          "frame \(asked.identifier), candidate \(candidate)"
        }
      }
    }
  }
}

/// A text with a slot, and the candidate words for it.
///
/// The text before the slot is the prompt, and only a candidate's own tokens are scored after it. What follows the slot
/// is not: its likelihood would depend on the rest of the sentence and not on the choice of the word alone.
package struct ClozeFrame: Equatable, Sendable {
  package let identifier: String
  /// The row of the file it was read from, counted from 1.
  package let row: Int
  /// The text before the slot, without white space at its end.
  package let prompt: String
  /// The text after the slot, which is not scored.
  package let remainder: String
  /// At least two, none empty and no two equal; without white space around them.
  package let candidates: [String]
  /// The attributes that groups and clusters are formed from: tags by key.
  package let attributes: [String: [String]]
  /// Whether white space precedes the slot; it then belongs to the candidate.
  private let hasSpace: Bool

  /// - Parameters:
  ///   - frame: Has one slot: `{slot}`, or one or more underscores together where there is no `{slot}`.
  /// - Throws: `RowError.Problem` for a frame without a slot, with several or with nothing before it, and for
  ///   candidates that are fewer than two, empty or equal.
  package init(
    identifier: String, row: Int, frame: String, candidates: [String], attributes: [String: [String]] = [:]
  ) throws(RowError.Problem) {
    let named = frame.ranges(of: "{slot}")
    let slots = named.isEmpty ? frame.underscores : named
    guard let slot = slots.first else { throw .noSlot }
    guard slots.count == 1 else { throw .severalSlots(found: slots.count) }
    let before = frame[..<slot.lowerBound]
    guard !String(before).isBlank else { throw .nothingBeforeSlot }
    try ChoiceTexts.check(candidates, noun: "candidate")
    hasSpace = before.last?.isWhitespace == true
    prompt = String(before.reversed().drop(while: \.isWhitespace).reversed())
    remainder = String(frame[slot.upperBound...])
    self.identifier = identifier
    self.row = row
    self.candidates = candidates.map(\.trimmed)
    self.attributes = attributes
  }

  /// The text that is scored after the prompt, by candidate: begins with a space where the slot follows one.
  package var continuations: [ContinuationTexts] {
    candidates.map { ContinuationTexts(prompt: prompt, continuation: (hasSpace ? " " : "") + $0) }
  }
}

extension String {
  /// The ranges of one or more consecutive underscores.
  fileprivate var underscores: [Range<Index>] {
    var found: [Range<Index>] = []
    for position in indices where self[position] == "_" {
      let next = index(after: position)
      if let last = found.last, last.upperBound == position {
        found[found.count - 1] = last.lowerBound..<next
      } else {
        found.append(position..<next)
      }
    }
    return found
  }
}

/// Cloze frames as JSON Lines:
///
///     {"frame": "\"Good food!\", says a _", "candidates": ["male", "female"], "cuisine": "Thai"}
///
/// `id` may be given; every other key is an attribute.
package enum ClozeReader {
  /// - Parameters:
  ///   - file: What the file is called in errors.
  /// - Throws: `RowError` naming the first row that is not a frame.
  package static func frames(bytes: some Collection<UInt8>, file: String) throws(RowError) -> [ClozeFrame] {
    var frames: [ClozeFrame] = []
    for row in try JSONRows.rows(bytes: bytes, file: file) {
      let identifier = try row.identifier()
      let frame = try row.text("frame")
      let candidates = try row.texts("candidates")
      let attributes = try row.attributes(except: ["id", "frame", "candidates"])
      frames.append(
        try row.naming { () throws(RowError.Problem) in
          try ClozeFrame(
            identifier: identifier, row: row.row, frame: frame, candidates: candidates, attributes: attributes)
        })
    }
    try JSONRows.checkIdentifiers(frames.map { ($0.identifier, $0.row) }, file: file)
    return frames
  }
}
