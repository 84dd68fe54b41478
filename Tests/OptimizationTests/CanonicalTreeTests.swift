import Optimization
import Support
import Testing

@Suite struct CanonicalTreeTests {
  @Test("A node splits at the largest power of two below its width")
  func splits() {
    #expect(CanonicalTree.split(0..<2) == 1)
    #expect(CanonicalTree.split(0..<3) == 2)
    #expect(CanonicalTree.split(0..<8) == 4)
    #expect(CanonicalTree.split(0..<9) == 8)
    #expect(CanonicalTree.split(4..<7) == 6)
  }

  @Test("Any range is covered by at most 2·log₂V nodes, in order and without gaps")
  func coverings() {
    for total in 1...33 {
      for lower in 0..<total {
        for upper in lower + 1...total {
          let nodes = CanonicalTree.nodes(covering: lower..<upper, total: total)
          #expect(nodes.first?.lowerBound == lower)
          #expect(nodes.last?.upperBound == upper)
          for (left, right) in zip(nodes, nodes.dropFirst()) { #expect(left.upperBound == right.lowerBound) }
          var log = 0
          while 1 << log < total { log += 1 }
          #expect(nodes.count <= max(1, 2 * log))
        }
      }
    }
  }

  @Test("However micro-batches are cut into leases and in whatever order they arrive, the sum has the same bits")
  func sumsDoNotDependOnThePartition() throws {
    for trial in 0..<60 {
      var generator = RandomKey(seed: 5)["partition"][trial].generator
      let total = 1 + generator.index(below: 19)
      let leaves = (0..<total).map { leaf in
        GradientSum(
          range: leaf..<leaf + 1, gradient: (0..<7).map { _ in Float(generator.normal() * 1e3) },
          lossSum: generator.normal(), samples: 1 + generator.index(below: 8))
      }
      var whole = GradientReduction(total: total, elements: 7)
      for leaf in leaves { try whole.insert(leaf) }
      let expected = try #require(whole.root)

      var cuts = [0, total]
      for _ in 0..<generator.index(below: 4) { cuts.append(generator.index(below: total + 1)) }
      cuts = Array(Set(cuts)).sorted()
      var delivered: [GradientSum] = []
      for (lower, upper) in zip(cuts, cuts.dropFirst()) {
        for node in CanonicalTree.nodes(covering: lower..<upper, total: total) {
          // As a worker does it: a node's leaves are counted from 0.
          var reduction = GradientReduction(total: node.count, elements: 7)
          for leaf in node {
            var moved = leaves[leaf]
            moved.range = leaf - node.lowerBound..<leaf - node.lowerBound + 1
            try reduction.insert(moved)
          }
          var root = try #require(reduction.root)
          root.range = node
          delivered.append(root)
        }
      }
      var parts = GradientReduction(total: total, elements: 7)
      for position in RandomKey(seed: 5)["arrival"][trial].permutation(count: delivered.count) {
        try parts.insert(delivered[position])
      }
      let found = try #require(parts.root)
      #expect(found.gradient.map(\.bitPattern) == expected.gradient.map(\.bitPattern))
      #expect(found.lossSum.bitPattern == expected.lossSum.bitPattern)
      #expect(found.samples == expected.samples)
    }
  }

  @Test("Adding leaf by leaf from the left gives other bits, so the tree is not for show")
  func leftToRightDiffers() throws {
    var generator = RandomKey(seed: 6)["left"].generator
    let leaves = (0..<16).map { leaf in
      GradientSum(
        range: leaf..<leaf + 1, gradient: (0..<500).map { _ in Float(generator.normal()) }, lossSum: 0, samples: 1)
    }
    var reduction = GradientReduction(total: 16, elements: 500)
    for leaf in leaves { try reduction.insert(leaf) }
    let sum = leaves.dropFirst().reduce(Array(leaves[0].gradient)) { zip($0, $1.gradient).map(+) }
    #expect(try #require(reduction.root).gradient != FloatBuffer(sum))
  }

  @Test("A micro-batch that was counted, a range that is no node and a gradient of another length are refused")
  func refusals() throws {
    func node(_ range: Range<Int>, elements: Int = 2) -> GradientSum {
      GradientSum(range: range, gradient: Array(repeating: 1, count: elements), lossSum: 1, samples: 1)
    }
    var reduction = GradientReduction(total: 4, elements: 2)
    try reduction.insert(node(0..<2))
    #expect(throws: OptimizationError.counted(range: 1..<2, before: 0..<2)) { try reduction.insert(node(1..<2)) }
    #expect(throws: OptimizationError.notANode(range: 1..<3, total: 4)) { try reduction.insert(node(1..<3)) }
    #expect(throws: OptimizationError.notANode(range: 4..<5, total: 4)) { try reduction.insert(node(4..<5)) }
    #expect(throws: OptimizationError.wrongLength(expected: 2, found: 3)) {
      try reduction.insert(node(2..<4, elements: 3))
    }
    #expect(reduction.root == nil)
    try reduction.insert(node(2..<4))
    #expect(reduction.root?.gradient == [2, 2])
  }
}
