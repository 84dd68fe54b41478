/// What one trained model says about every item, as logits.
package typealias RunPredictions = ModelRun<Logits>

/// What one arm says about every item, as logits.
package typealias ArmPredictions = ArmRuns<Logits>

extension ModelRun where Output == Logits {
  package init(seed: Int?, logits: Logits) { self.init(seed: seed, output: logits) }

  package var logits: Logits {
    get { output }
    set { output = newValue }
  }
}
