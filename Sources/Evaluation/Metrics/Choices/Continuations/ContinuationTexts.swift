/// A prompt and what is scored after it.
package struct ContinuationTexts: Hashable, Sendable {
  package var prompt: String
  package var continuation: String
}
