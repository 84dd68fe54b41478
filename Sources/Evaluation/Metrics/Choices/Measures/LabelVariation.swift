/// How far the choices of single orders lean towards some labels.
package struct LabelVariation: Codable, Equatable, Sendable {
  /// The total variation distance between how often each label is chosen and how often a model without regard to labels
  /// chooses it: ½·Σ|share − uniform|, from 0 to 1 − 1/labels.
  package var value: Double
  /// The mean of the same where labels are exchanged at random, within a cluster alike: what is to be expected without
  /// any preference, which is above 0, since the distance cannot be below.
  package var expected: Double
  /// The share of such exchanges in which the distance is as large; they and the data count as one more.
  package var pValue: Double
}
