import Optimization
import Planning
import Support
import Testing

/// One training run from step to step, with gradients that depend on parameters and items.
@Suite struct TrainingRunTests {
  private let count = 9

  /// Two epochs of three steps; the last step of each has one micro-batch less.
  private func schedule(_ earlier: RunSchedule.EarlierEvaluations = .none) -> RunSchedule {
    RunSchedule(
      trainingItems: Array(0..<22), evaluatedItems: [], key: RandomKey(seed: 5)["run"], epochs: 2, rate: 0.1, batch: 8,
      microBatch: 2, earlierEvaluations: earlier)
  }

  private func run(
    clip: Double? = 0.5, earlier: RunSchedule.EarlierEvaluations = .none, state: TrainingState? = nil
  ) -> TrainingRun {
    TrainingRun(
      schedule: schedule(earlier), training: OptimizerSettings(weightDecay: 0.02, warmup: 0.3, clip: clip),
      state: state ?? TrainingState(step: 0, parameters: FloatBuffer((0..<count).map { Float($0) / 7 - 0.5 })))
  }

  private func leaf(_ unit: Int, _ run: TrainingRun, _ parameters: FloatBuffer) -> GradientSum {
    let items = run.microBatches[unit]
    let gradient = (0..<count).map { index in
      items.reduce(Float(0)) { $0 + Float(($1 * 13 + index * 5) % 17) / 3 - parameters[index] }
    }
    return GradientSum(
      range: unit..<unit + 1, gradient: gradient, lossSum: items.reduce(0) { $0 + Double($1) / 7 }, samples: items.count
    )
  }

  /// Does the current step, with micro-batches in the order of `units`.
  private func step(_ run: inout TrainingRun, units: [Int]? = nil) throws -> TrainingRun.Step? {
    for unit in units ?? Array(run.microBatches.indices) { try run.add([leaf(unit, run, run.parameters)]) }
    return try run.finishStep()
  }

  @Test("In whatever order gradients come, every step has the same bits")
  func order() throws {
    var (forward, backward) = (run(), run())
    while !forward.isTrained {
      let first = try #require(try step(&forward))
      let second = try #require(try step(&backward, units: backward.microBatches.indices.reversed()))
      #expect(first.gradient == second.gradient)
      #expect(first.lossSum == second.lossSum)
    }
    #expect(forward.parameters == backward.parameters)
    #expect(forward.losses == backward.losses && forward.losses.count == 2)
  }

  @Test("A step ends only when the gradients of all its micro-batches were added, each once")
  func completeness() throws {
    var run = run()
    for unit in run.microBatches.indices.dropLast() {
      try run.add([leaf(unit, run, run.parameters)], lease: unit)
      #expect(try run.finishStep() == nil)
    }
    #expect(throws: OptimizationError.self) { try run.add([leaf(0, run, run.parameters)]) }
    #expect(run.leases == [0, 1, 2])
    run.restartStep()
    #expect(run.leases.isEmpty)
    let step = try #require(try step(&run))
    #expect(step.number == 0 && step.samples == 8 && run.step == 1)
  }

  @Test("A run that resumes from a state between two steps reaches the same bits", arguments: 1...5)
  func resumption(stop: Int) throws {
    var (whole, first) = (run(), run())
    while !whole.isTrained { _ = try step(&whole) }
    for _ in 0..<stop { _ = try step(&first) }
    var second = run(state: first.state.copy)
    while !second.isTrained { _ = try step(&second) }
    #expect(second.parameters == whole.parameters)
    #expect(second.losses == whole.losses)
  }

  @Test("A copied state does not change with the run")
  func copies() throws {
    var run = run()
    _ = try step(&run)
    let copy = run.state.copy
    let parameters = Array(copy.parameters)
    _ = try step(&run)
    #expect(Array(copy.parameters) == parameters && Array(run.parameters) != parameters)
  }

  @Test("A gradient or loss that is not finite ends the run and leaves its parameters", arguments: [true, false])
  func divergence(isLoss: Bool) throws {
    var run = run()
    _ = try step(&run)
    let parameters = Array(run.parameters)
    for unit in run.microBatches.indices {
      var node = leaf(unit, run, run.parameters)
      if unit == 1, isLoss { node.lossSum = .infinity }
      if unit == 1, !isLoss { node.gradient = FloatBuffer(repeating: .nan, count: count) }
      try run.add([node])
    }
    let step = try #require(try run.finishStep())
    #expect(step.isDivergent && step.number == 1)
    #expect(run.divergedAt == 1 && run.isTrained && run.step == 1)
    #expect(Array(run.parameters) == parameters)
    #expect(self.run(state: run.state).isTrained)
  }

  @Test("A traced run needs an evaluation after every epoch but the last")
  func traces() throws {
    var run = run(earlier: .everyEpoch)
    for _ in 0..<3 {
      #expect(!run.isEvaluationDue)
      _ = try step(&run)
    }
    #expect(run.isEvaluationDue)
    run.trace([1, 2])
    #expect(!run.isEvaluationDue && run.state.traces == [[1, 2]])
    for _ in 0..<3 { _ = try step(&run) }
    #expect(run.isTrained && !run.isEvaluationDue)
  }

  @Test("A validation curve needs a point after every tenth of the steps but the last, and its state keeps them")
  func validationCurve() throws {
    var run = run(earlier: .validation(items: 0..<0))
    var losses: [Double] = []
    while !run.isTrained {
      #expect(run.isEvaluationDue == (run.step > 0))
      if run.isEvaluationDue {
        losses.append(Double(run.step))
        run.recordValidation(loss: Double(run.step))
        #expect(!run.isEvaluationDue)
        run = self.run(earlier: .validation(items: 0..<0), state: run.state)
      }
      _ = try step(&run)
    }
    #expect(!run.isEvaluationDue && losses == [1, 2, 3, 4, 5] && run.state.validationLosses == losses)
  }

  @Test("A run in slices makes the steps of a run in one place, bit for bit", arguments: [nil, 0.5])
  func slices(clip: Double?) throws {
    var whole = run(clip: clip)
    let initial = TrainingState(step: 0, parameters: FloatBuffer(copying: whole.parameters))
    var slice = ParameterSlice(
      ofVector: count, step: 0, parameters: FloatBuffer(copying: whole.parameters), moments: nil, weightDecay: 0.02)
    var sliced = TrainingRun(
      schedule: schedule(), training: OptimizerSettings(weightDecay: 0.02, warmup: 0.3, clip: clip), state: initial,
      isSliced: true)
    #expect(sliced.parameters.isEmpty && sliced.parameterCount == count)
    while !whole.isTrained {
      for unit in sliced.microBatches.indices {
        let node = leaf(unit, sliced, slice.parameters)
        _ = try slice.take(node, lease: unit)
        let empty = GradientSum(
          range: node.range, gradient: [] as FloatBuffer, lossSum: node.lossSum, samples: node.samples)
        try sliced.add([empty], lease: unit)
      }
      #expect(try sliced.finishStep() == nil)
      let reduced = try slice.reduce(leases: sliced.leases, microBatches: sliced.microBatches.count)
      let gradient = SlicedGradient(
        digest: TensorDigest(ofSections: reduced.digests), squares: reduced.squares, isFinite: reduced.isFinite)
      let asked = sliced.update(for: gradient)
      let update = try #require(asked)
      try slice.update(scale: update.scale, rate: update.rate)
      let parameters = TensorDigest(ofSections: slice.digests)
      let finished = sliced.finishStep(gradient: gradient.digest, parameters: parameters)
      let found = try #require(finished)
      let expected = try #require(try step(&whole))
      #expect(found.digests?.gradient == TensorDigest(of: expected.gradient.floats))
      #expect(found.digests?.parameters == TensorDigest(of: whole.parameters.floats))
      #expect(found.lossSum == expected.lossSum && found.samples == expected.samples)
    }
    #expect(sliced.isTrained && sliced.losses == whole.losses)
  }

  @Test("A gradient in slices that is not finite asks for no update")
  func slicedDivergence() throws {
    var sliced = TrainingRun(
      schedule: schedule(), training: OptimizerSettings(weightDecay: 0, warmup: 0, clip: nil), state: run().state,
      isSliced: true)
    for unit in sliced.microBatches.indices {
      let empty = GradientSum(range: unit..<unit + 1, gradient: [] as FloatBuffer, lossSum: 1, samples: 2)
      try sliced.add([empty], lease: unit)
    }
    let gradient = SlicedGradient(digest: TensorDigest(of: [Float.nan]), squares: [.nan], isFinite: false)
    #expect(sliced.update(for: gradient) == nil)
    #expect(sliced.divergedAt == 0)
  }
}
