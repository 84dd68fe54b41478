package import Support

extension RandomStream {
  /// How often each of `count` clusters is drawn in one bootstrap resample of `count` with replacement.
  package mutating func clusterWeights(count: Int) -> [Int32] {
    var weights = [Int32](repeating: 0, count: count)
    for _ in 0..<count { weights[index(below: count)] += 1 }
    return weights
  }
}
