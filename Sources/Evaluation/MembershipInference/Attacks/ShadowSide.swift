/// The shadow models that have each item in their training set, or those that do not: where their scores lie and how
/// they vary.
struct ShadowSide {
  /// A variance below this comes from models that agree to the last bit.
  private static let smallestVariance = 1e-24

  private let centers: [Double]
  /// Of each item, or one for all.
  private let variances: [Double]

  func center(_ item: Int) -> Double { centers[item] }

  func variance(_ item: Int) -> Double { variances.count == 1 ? variances[0] : variances[item] }

  /// - Parameters:
  ///   - isMember: Whether shadows that have the item are meant.
  ///   - shadows: The models that are read, ascending.
  ///   - scores: `[model][item]`.
  ///   - masks: Membership, `[model][item]`; no item is without such a shadow.
  init(isMember: Bool, shadows: [Int], scores: [[Double]], masks: [[Bool]], options: LikelihoodRatioOptions) {
    let items = masks.first?.count ?? 0
    var counts = [Double](repeating: 0, count: items)
    var means = counts
    for model in shadows {
      for item in 0..<items where masks[model][item] == isMember {
        counts[item] += 1
        means[item] += scores[model][item]
      }
    }
    for item in 0..<items { means[item] /= max(1, counts[item]) }
    var squares = [Double](repeating: 0, count: items)
    var allSquares = 0.0
    for model in shadows {
      for item in 0..<items where masks[model][item] == isMember {
        let deviation = scores[model][item] - means[item]
        squares[item] += deviation * deviation
        allSquares += deviation * deviation
      }
    }
    if options.poolsVariance(shadows: shadows.count) {
      // One degree of freedom less an item.
      let freedom = counts.reduce(0) { $0 + max(0, $1 - 1) }
      variances = [max(allSquares / max(1, freedom), Self.smallestVariance)]
    } else {
      variances = zip(squares, counts).map { max($0 / max(1, $1 - 1), Self.smallestVariance) }
    }
    switch options.center {
    case .mean: centers = means
    case .median:
      var values: [Double] = []
      values.reserveCapacity(shadows.count)
      centers = (0..<items).map { item in
        values.removeAll(keepingCapacity: true)
        for model in shadows where masks[model][item] == isMember { values.append(scores[model][item]) }
        return Self.median(&values)
      }
    }
  }

  private static func median(_ values: inout [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    values.sort()
    let middle = values.count / 2
    return values.count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2
  }
}
