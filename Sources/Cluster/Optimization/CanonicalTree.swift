/// The binary tree along which micro-batch gradients are added, whichever workers computed them.
///
/// Floating-point addition is not associative, so the order of additions is part of the plan: node [a, b) is the sum of
/// its two children, and splits at a plus the largest power of two below b − a.
package enum CanonicalTree {
  /// Where the node `range` splits; `range` holds two leaves or more.
  package static func split(_ range: Range<Int>) -> Int {
    let width = range.count - 1
    return range.lowerBound + 1 << (Int.bitWidth - 1 - width.leadingZeroBitCount)
  }

  /// The fewest nodes of the tree over 0 ..< `total` that together cover `range`, in order; at most 2·log₂(total).
  package static func nodes(covering range: Range<Int>, total: Int) -> [Range<Int>] {
    var nodes: [Range<Int>] = []
    func visit(_ node: Range<Int>) {
      let common = node.clamped(to: range)
      if common.isEmpty { return }
      if common == node {
        nodes.append(node)
        return
      }
      let middle = split(node)
      visit(node.lowerBound..<middle)
      visit(middle..<node.upperBound)
    }
    if total > 0 { visit(0..<total) }
    return nodes
  }

  /// Whether `range` is a node of the tree over 0 ..< `total`.
  package static func contains(_ range: Range<Int>, total: Int) -> Bool {
    !range.isEmpty && range.lowerBound >= 0 && range.upperBound <= total
      && nodes(covering: range, total: total) == [range]
  }
}
