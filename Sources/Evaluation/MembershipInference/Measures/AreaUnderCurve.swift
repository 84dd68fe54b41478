/// The area under the receiver operating characteristic: the probability that a member scores above a non-member, ties
/// counted half (Hanley and McNeil 1982).
///
/// - Returns: `nil` without members or without non-members.
package func areaUnderCurve(scores: [Double], membership: [Bool]) -> Double? {
  let weights = [Int32](repeating: 1, count: scores.count)
  let area = RankedTarget(scores: scores, membership: membership).walk(weights: weights, limits: []).areaUnderCurve
  return area.isNaN ? nil : area
}

/// The true positive rate at the largest attainable false positive rate not above `limit`, without interpolation and
/// with ties in one step, beside that rate.
///
/// - Returns: `nil` without members or without non-members.
package func truePositiveRate(
  scores: [Double], membership: [Bool], atFalsePositiveRate limit: Double
) -> (truePositiveRate: Double, falsePositiveRate: Double)? {
  let weights = [Int32](repeating: 1, count: scores.count)
  let walk = RankedTarget(scores: scores, membership: membership).walk(weights: weights, limits: [limit])
  guard walk.members > 0, walk.nonMembers > 0, let point = walk.points.first else { return nil }
  return (
    Double(point.truePositives) / Double(walk.members), Double(point.falsePositives) / Double(walk.nonMembers)
  )
}
