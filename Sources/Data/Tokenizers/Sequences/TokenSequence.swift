/// What a model of text sees: tokens, of which those from `firstTarget` on are learned or scored by a language model and
/// those before are given.
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
