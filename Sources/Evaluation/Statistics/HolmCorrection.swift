/// Holm's step-down correction of a family of p-values (Holm 1979): the adjusted p-values, in the order given.
///
/// With the m p-values in ascending order, the i-th becomes the largest of min(1, (m − j + 1)·p_j) over j ≤ i. The
/// family
/// is the caller's: `ComparisonFamily` in Metrics (arms × groups), `PrivacyComparison` in MembershipInference, and the
/// drifts of monitoring (windows × figures).
package func holmAdjusted(_ pValues: [Double]) -> [Double] {
  let order = pValues.indices.sorted { (pValues[$0], $0) < (pValues[$1], $1) }
  var adjusted = pValues
  var largest = 0.0
  for (rank, index) in order.enumerated() {
    largest = max(largest, min(1, Double(pValues.count - rank) * pValues[index]))
    adjusted[index] = largest
  }
  return adjusted
}
