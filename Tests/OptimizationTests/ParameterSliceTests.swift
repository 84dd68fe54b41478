import Optimization
import Support
import Testing

@Suite struct ParameterSliceTests {
  private func floats(_ count: Int, _ key: RandomKey) -> [Float] {
    var random = key.generator
    return (0..<count).map { _ in Float(2 * random.uniform() - 1) }
  }

  @Test("Slices have the digests, norms and parameters of the whole vector, bit for bit", arguments: [1, 2, 3, 7])
  func wholes(parts: Int) throws {
    let (count, microBatches, key) = (300_001, 5, RandomKey(seed: 7)["slices"])
    let initial = floats(count, key["initial"])
    let whole = FloatBuffer(initial)
    var optimizer = AdamW(parameters: whole, weightDecay: 0.01)
    let sections = VectorSections(count: count)
    let ranges = sections.slices(parts)
    #expect(ranges.count == min(parts, sections.sectionCount))
    #expect(ranges.flatMap { Array([$0.lowerBound, $0.upperBound]) }.sorted().first == 0)
    #expect(ranges.last?.upperBound == count)
    for (left, right) in zip(ranges, ranges.dropFirst()) { #expect(left.upperBound == right.lowerBound) }
    var slices = ranges.map { range in
      ParameterSlice(
        ofVector: count, step: 0, parameters: FloatBuffer(Array(initial[range])), moments: nil, weightDecay: 0.01)
    }
    for step in 0..<3 {
      var reduction = GradientReduction(total: microBatches, elements: count)
      for unit in 0..<microBatches {
        let gradient = floats(count, key["gradient"][step][unit])
        try reduction.insert(
          GradientSum(range: unit..<unit + 1, gradient: gradient, lossSum: 0, samples: 1))
        for (index, range) in ranges.enumerated() {
          // Under a lease that does not count, the same units with other numbers.
          let wrong = GradientSum(
            range: unit..<unit + 1, gradient: [Float](repeating: 9, count: range.count), lossSum: 0, samples: 1)
          _ = try slices[index].take(wrong, lease: 100 + unit)
          let node = GradientSum(
            range: unit..<unit + 1, gradient: Array(gradient[range]), lossSum: 0, samples: 1)
          let receipt = try slices[index].take(node, lease: unit)
          #expect(receipt.isFinite)
        }
      }
      let root = try #require(reduction.root).gradient
      var reduced: [ParameterSlice.Reduced] = []
      for index in slices.indices {
        reduced.append(try slices[index].reduce(leases: Array(0..<microBatches), microBatches: microBatches))
      }
      #expect(TensorDigest(ofSections: reduced.flatMap(\.digests)) == TensorDigest(of: root.floats))
      let factor = Clipping.factor(gradient: root, scale: 0.2, limit: 1)
      #expect(factor < 1)
      #expect(Clipping.factor(sectionSquares: reduced.flatMap(\.squares), scale: 0.2, limit: 1) == factor)
      try optimizer.apply(gradientSum: root, scale: 0.2 * factor, rate: 0.01)
      for index in slices.indices { try slices[index].update(scale: 0.2 * factor, rate: 0.01) }
      #expect(TensorDigest(ofSections: slices.flatMap(\.digests)) == TensorDigest(of: whole.floats))
      #expect(slices.allSatisfy { $0.step == step + 1 && $0.gradientCount == 0 })
    }
    #expect(slices.flatMap { Array($0.parameters) } == Array(whole))
    #expect(slices.flatMap { Array($0.moments.second) } == Array(optimizer.secondMoment))
  }

  @Test("A slice without all micro-batches, and one of another length, is an error")
  func incomplete() throws {
    var slice = ParameterSlice(ofVector: 4, step: 3, parameters: [1, 2], moments: nil, weightDecay: 0)
    let node = GradientSum(range: 0..<1, gradient: [1, 2], lossSum: 0, samples: 1)
    _ = try slice.take(node, lease: 1)
    #expect(throws: OptimizationError.incomplete(total: 2)) { try slice.reduce(leases: [1], microBatches: 2) }
    #expect(throws: OptimizationError.incomplete(total: 0)) { try slice.update(scale: 1, rate: 1) }
    let short = GradientSum(range: 0..<1, gradient: [1] as [Float], lossSum: 0, samples: 1)
    #expect(throws: OptimizationError.wrongLength(expected: 2, found: 1)) { try slice.take(short, lease: 1) }
  }

  @Test("Vectors of every length are cut into at most 256 sections that cover them")
  func sections() {
    for count in [0, 1, 65_535, 65_536, 65_537, 1 << 24, (1 << 24) + 1, 7_000_000_000] {
      let sections = VectorSections(count: count)
      #expect(sections.sectionCount <= 256)
      #expect(sections.sectionCount * sections.size >= count)
      #expect(sections.slices(5).reduce(0) { $0 + $1.count } == count)
    }
  }
}
