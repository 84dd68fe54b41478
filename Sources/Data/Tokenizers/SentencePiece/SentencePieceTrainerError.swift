/// Why no vocabulary was learned.
package struct SentencePieceTrainerError: Error, Hashable, CustomStringConvertible {
  package let problem: Problem

  package init(problem: Problem) {
    self.problem = problem
  }

  package enum Problem: Hashable, Sendable {
    /// There is no text, or all texts are empty.
    case noText
    /// SentencePiece refuses, in its own words: most often the texts have too few or too many different characters or
    /// words for that many pieces.
    case refused(vocabularySize: Int, reason: String)
    case unwritable(file: String, reason: String)
  }

  package var description: String {
    switch problem {
    case .noText: "there is no text to learn a vocabulary from; give at least one that is not empty"
    case .refused(let size, let reason):
      "SentencePiece learns no vocabulary of \(size) pieces: \(reason); give it other texts or another size"
    case .unwritable(let file, let reason): "\(file): cannot write the file: \(reason)"
    }
  }
}
