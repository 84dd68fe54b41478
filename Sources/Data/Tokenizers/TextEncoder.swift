/// Turns the texts of a file into tokens, within what a model takes.
package struct TextEncoder: Sendable {
  package let tokenizer: TextTokenizer
  /// The most tokens that a sequence may have.
  package var limit: Int
  /// What errors speak of.
  package var file: String
  /// The most that the model takes.
  package let modelLimit: Int

  package init(tokenizer: TextTokenizer, limit: Int, modelLimit: Int, file: String) {
    self.tokenizer = tokenizer
    self.limit = limit
    self.modelLimit = modelLimit
    self.file = file
  }

  /// The tokens of a text that is classified, and whether it was cut.
  ///
  /// - Throws: `SequenceError` if the text has no tokens.
  package func classified(
    _ text: String, line: Int
  ) throws(SequenceError) -> (sequence: TokenSequence, isCut: Bool) {
    let tokens = try encode(text, line: line)
    guard !tokens.isEmpty else { throw failure(line, "the text has no tokens; remove the row") }
    return (TokenSequence(tokens: Array(tokens.prefix(limit))), tokens.count > limit)
  }

  /// A text in blocks of at most `limit` tokens; a language model learns all tokens of a block except the first.
  ///
  /// A last block of a single token, which would teach nothing, is left out.
  ///
  /// - Throws: `SequenceError` if the text has fewer than two tokens.
  package func blocks(_ text: String, line: Int) throws(SequenceError) -> [TokenSequence] {
    let tokens = try encode(text, line: line)
    let blocks = stride(from: 0, to: tokens.count, by: limit).map { first in
      TokenSequence(tokens: Array(tokens[first..<min(first + limit, tokens.count)]), firstTarget: 1)
    }.filter { $0.targetCount > 0 }
    guard !blocks.isEmpty else {
      throw failure(line, "the text has fewer than two tokens, so there is none to predict; remove the row")
    }
    return blocks
  }

  /// The tokens of a prompt, which several texts may follow.
  package func prompt(_ text: String, line: Int) throws(SequenceError) -> EncodedPrompt {
    EncodedPrompt(text: text, tokens: try encode(text, line: line))
  }

  /// A prompt and what is to follow it, encoded as one text: the target begins at the first token that the prompt by
  /// itself does not have. With `isEnded` it ends with the end of a sequence.
  ///
  /// - Throws: `SequenceError` if the target has no tokens, or both together are too long: nothing is cut, because
  ///   what is cut off would be the target.
  package func continued(
    _ prompt: EncodedPrompt, by target: String, isEnded: Bool = false, line: Int
  ) throws(SequenceError) -> TokenSequence {
    var tokens = try encode(prompt.text + target, line: line)
    let common = zip(prompt.tokens, tokens).prefix { $0 == $1 }.count
    guard common < tokens.count else {
      throw failure(line, "\"\(target)\" has no tokens, so there is nothing to score")
    }
    guard common > 0 else { throw failure(line, "the prompt has no tokens; write at least one word") }
    if isEnded, let end = tokenizer.endOfSequence { tokens.append(end) }
    guard tokens.count <= limit else {
      throw failure(
        line,
        "prompt and target have \(tokens.count) tokens, more than the \(limit) "
          + (limit < modelLimit
            ? "allowed; raise data.tokens, or shorten the row" : "that the model takes; shorten the row"))
    }
    return TokenSequence(tokens: tokens, firstTarget: common)
  }

  private func encode(_ text: String, line: Int) throws(SequenceError) -> [Int] {
    do throws(TokenizerError) {
      return try tokenizer.encode(text)
    } catch {
      throw failure(line, "\(error)")
    }
  }

  private func failure(_ line: Int, _ problem: String) -> SequenceError {
    SequenceError(file: file, line: line, problem: problem)
  }
}

/// A text and its tokens.
package struct EncodedPrompt: Sendable {
  package let text: String
  let tokens: [Int]
}

/// What a model of text sees: tokens, of which those from `firstTarget` on are learned or scored by a language model
/// and those before are given.
package struct TokenSequence: Sendable, Hashable {
  /// At least one.
  package let tokens: [Int]
  /// 0 for a classifier, which scores none; else from 1 on.
  package let firstTarget: Int

  package init(tokens: [Int], firstTarget: Int = 0) {
    self.tokens = tokens
    self.firstTarget = firstTarget
  }

  /// How many tokens a language model learns or scores.
  package var targetCount: Int { tokens.count - firstTarget }
}

/// Why a text cannot be turned into tokens, and where it stands.
package struct SequenceError: Error, Hashable, CustomStringConvertible {
  package let file: String
  /// The physical line, counted from one.
  package let line: Int?
  package let problem: String

  package init(file: String, line: Int?, problem: String) {
    self.file = file
    self.line = line
    self.problem = problem
  }

  package var description: String { line.map { "\(file), line \($0): \(problem)" } ?? "\(file): \(problem)" }
}
