extension RandomKey {
  /// A uniformly random order of 0 ..< `count` (Fisher and Yates).
  package func permutation(count: Int) -> [Int] {
    var order = Array(0..<count)
    var generator = generator
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, generator.index(below: last + 1))
    }
    return order
  }
}
