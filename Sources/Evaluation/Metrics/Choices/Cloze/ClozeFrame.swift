/// A text with a slot, and the words that may stand in it.
///
/// The text before the slot is the prompt, and only a candidate's own tokens are scored after it. What follows the slot is
/// not: its likelihood would depend on how a sentence goes on and not on the choice of the word alone.
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
  /// What groups and clusters are made from: tags by key.
  package let attributes: [String: [String]]
  /// Whether white space stands before the slot, which then belongs to the candidate.
  private let hasSpace: Bool

  /// - Parameters:
  ///   - frame: Has one slot: `{slot}`, or one or more underscores together where there is no `{slot}`.
  /// - Throws: `RowError.Problem` for a frame without a slot, with several or with nothing before it, and for candidates
  ///   that are fewer than two, empty or equal.
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

  /// What is scored after the prompt, by candidate: begins with a space where the slot follows one.
  package var continuations: [ContinuationTexts] {
    candidates.map { ContinuationTexts(prompt: prompt, continuation: (hasSpace ? " " : "") + $0) }
  }
}

extension String {
  /// Where one or more underscores stand together.
  fileprivate var underscores: [Range<Index>] {
    var found: [Range<Index>] = []
    for place in indices where self[place] == "_" {
      let next = index(after: place)
      if let last = found.last, last.upperBound == place {
        found[found.count - 1] = last.lowerBound..<next
      } else {
        found.append(place..<next)
      }
    }
    return found
  }
}
