/// By how much two counts must grow until something holds, such as clusters and seeds until a verdict is reached.
package enum SmallestGrowth {
  /// The smallest factors that suffice: of the first count or of the second alone, whichever is smaller; of both alike
  /// where neither suffices alone. Both are `nil` where nothing does.
  ///
  /// - Parameters:
  ///   - largest: No factor beyond it is tried.
  ///   - isSecondVaried: Whether the second count may grow at all.
  ///   - suffices: Whether two factors do; larger ones do where smaller ones do.
  package static func factors(
    largest: Double, isSecondVaried: Bool, suffices: (_ first: Double, _ second: Double) -> Bool
  ) -> (first: Double?, second: Double?) {
    let first = smallest(largest) { suffices($0, 1) }
    let second = isSecondVaried ? smallest(largest) { suffices(1, $0) } : nil
    switch (first, second) {
    case (let first?, let second?): return first <= second ? (first, nil) : (nil, second)
    case (nil, nil):
      let both = isSecondVaried ? smallest(largest) { suffices($0, $0) } : nil
      return (both, both)
    default: return (first, second)
    }
  }

  /// The smallest factor of at least 1 that suffices, to a millionth; `nil` if none up to the largest does.
  private static func smallest(_ largest: Double, _ suffices: (Double) -> Bool) -> Double? {
    guard suffices(largest) else { return nil }
    if suffices(1) { return 1 }
    var (low, high) = (1.0, largest)
    while high / low > 1 + 1e-6 {
      let middle = (low * high).squareRoot()
      if suffices(middle) { high = middle } else { low = middle }
    }
    return high
  }
}
