package import Support

/// The sum of per-sample gradients over some micro-batches, as one node of the canonical tree.
package struct GradientSum: Sendable, Equatable {
  /// The micro-batches that it covers.
  package var range: Range<Int>
  /// Flat, in the layout's order.
  package var gradient: FloatBuffer
  package var lossSum: Double
  package var samples: Int

  package init(range: Range<Int>, gradient: [Float], lossSum: Double, samples: Int) {
    self.init(range: range, gradient: FloatBuffer(gradient), lossSum: lossSum, samples: samples)
  }

  package init(range: Range<Int>, gradient: FloatBuffer, lossSum: Double, samples: Int) {
    self.range = range
    self.gradient = gradient
    self.lossSum = lossSum
    self.samples = samples
  }

  /// Adds the right-hand neighbour of this node element by element, in place when it is the only holder of its buffer.
  mutating func add(_ right: GradientSum, in loop: ElementLoop) {
    range = range.lowerBound..<right.range.upperBound
    lossSum += right.lossSum
    samples += right.samples
    if !isKnownUniquelyReferenced(&gradient) { gradient = FloatBuffer(copying: gradient) }
    let (sum, addend) = (gradient.pointer, right.gradient.floats)
    loop(min(sum.count, addend.count)) { part in
      for index in part { sum[index] += addend[index] }
    }
  }
}

/// Adds gradients along the canonical tree, in whatever order they arrive.
package struct GradientReduction: Sendable {
  /// Micro-batches in the whole step.
  package let total: Int
  /// Elements of every gradient.
  package let elements: Int
  private var waiting: [Range<Int>: GradientSum] = [:]

  package init(total: Int, elements: Int) {
    self.total = total
    self.elements = elements
  }

  /// Adds a node and every parent that it completes.
  ///
  /// - Throws: `OptimizationError` when it is not a node of the tree, has another length, or overlaps a node that was added.
  ///
  /// - Parameter loop: how the additions are spread; their bits do not depend on it.
  package mutating func insert(_ node: consuming GradientSum, in loop: ElementLoop = .serial)
    throws(OptimizationError)
  {
    guard CanonicalTree.contains(node.range, total: total) else {
      throw .notANode(range: node.range, total: total)
    }
    guard node.gradient.count == elements else {
      throw .wrongLength(expected: elements, found: node.gradient.count)
    }
    if let other = waiting.keys.filter({ $0.overlaps(node.range) }).min(by: { $0.lowerBound < $1.lowerBound }) {
      throw .counted(range: node.range, before: other)
    }
    var node = node
    while node.range != 0..<total, let parent = parent(of: node.range) {
      let middle = CanonicalTree.split(parent)
      let isLeft = node.range.lowerBound == parent.lowerBound
      let siblingRange = isLeft ? middle..<parent.upperBound : parent.lowerBound..<middle
      guard var sibling = waiting.removeValue(forKey: siblingRange) else { break }
      if isLeft {
        node.add(sibling, in: loop)
      } else {
        sibling.add(node, in: loop)
        node = sibling
      }
    }
    waiting[node.range] = node
  }

  /// The nodes that wait for their siblings, in order.
  package var nodes: [GradientSum] {
    waiting.values.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// The sum over the whole step; nil while micro-batches are missing.
  package var root: GradientSum? { waiting[0..<total] }

  private func parent(of range: Range<Int>) -> Range<Int>? {
    var node = 0..<total
    while node.count > 1 {
      let middle = CanonicalTree.split(node)
      let child = range.lowerBound < middle ? node.lowerBound..<middle : middle..<node.upperBound
      if child == range { return node }
      node = child
    }
    return nil
  }
}

/// Why a gradient cannot be added.
package enum OptimizationError: Error, Equatable, Sendable, CustomStringConvertible {
  case notANode(range: Range<Int>, total: Int)
  case wrongLength(expected: Int, found: Int)
  case counted(range: Range<Int>, before: Range<Int>)
  case incomplete(total: Int)

  package var description: String {
    switch self {
    case .notANode(let range, let total):
      "micro-batches \(range) are not a node of the canonical tree over \(total) micro-batches"
    case .wrongLength(let expected, let found):
      "a gradient of \(expected) elements was expected, found \(found)"
    case .counted(let range, let before):
      "micro-batches \(range) were already added, with \(before)"
    case .incomplete(let total): "the gradients of some of \(total) micro-batches are missing"
    }
  }
}
