internal import Foundation
package import Optimization
package import Planning
internal import Support
internal import SwiftProtobuf

// Runs and their states as messages, and back.

extension Tenbin_RunPlan {
  /// - Parameter method: the position of the run's method in the welcome.
  package init(_ run: PlannedRun, optimizer: OptimizerSettings, method: Int) {
    self.init()
    identifier = run.identifier.description
    self.method = UInt32(method)
    members = run.members.map(UInt32.init)
    evaluated = run.evaluated.map(UInt32.init)
    key = Data(run.key.bytes)
    epochs = UInt32(run.settings.epochs)
    batch = UInt32(run.batch)
    microBatch = UInt32(run.microbatch)
    rate = run.settings.rate
    weightDecay = optimizer.weightDecay
    warmup = optimizer.warmup
    clip = optimizer.clip ?? 0
    byLength = run.lengths != nil
    generatedTokens = UInt32(run.question.generatedTokens)
    queries = UInt32(run.question.queries)
    if let pack = run.pack {
      self.pack = .with {
        $0.number = UInt32(pack.number)
        $0.place = UInt32(pack.place)
        $0.size = UInt32(pack.size)
      }
    }
  }

  /// The settings of the optimizer.
  package var optimizer: OptimizerSettings {
    OptimizerSettings(weightDecay: weightDecay, warmup: warmup, clip: clip > 0 ? clip : nil)
  }
}

extension PlannedRun {
  /// The run of a message; nil when it cannot be one.
  ///
  /// - Parameter lengths: those of all items.
  package init?(_ message: Tenbin_RunPlan, lengths: [Int]) {
    guard let key = RandomKey(bytes: message.key), message.batch > 0, message.microBatch > 0,
      !message.byLength || message.members.allSatisfy({ lengths.indices.contains(Int($0)) })
    else { return nil }
    var pack: Pack?
    if message.hasPack {
      guard message.pack.place < message.pack.size, message.pack.size <= 1 << 16 else { return nil }
      pack = Pack(number: Int(message.pack.number), place: Int(message.pack.place), size: Int(message.pack.size))
    }
    self.init(
      identifier: RunIdentifier(message.identifier), arm: Int(message.method),
      // What the run is for and what its predictions come to does not concern those who compute it.
      purpose: .given, members: message.members.map(Int.init), evaluated: message.evaluated.map(Int.init), key: key,
      settings: MethodSettings(rate: message.rate, epochs: Int(message.epochs)), batch: Int(message.batch),
      microbatch: Int(message.microBatch), rows: .uniform(0), lengths: message.byLength ? lengths : nil,
      question: EvaluationQuestion(
        generatedTokens: Int(clamping: message.generatedTokens), queries: Int(clamping: message.queries)), pack: pack)
  }
}

extension Tenbin_StatePart {
  /// What belongs to a state besides its numbers.
  package init(_ state: TrainingState) {
    self.init()
    step = UInt32(state.step)
    epochLossSum = state.epoch.sum
    epochSamples = UInt64(state.epoch.samples)
    losses = state.losses
  }
}

extension TrainingState {
  /// The state of a message and its numbers, which are copied; nil when they do not go together.
  ///
  /// - Parameter floats: parameters and, unless the run is fresh, both moments.
  package init?(_ part: Tenbin_StatePart, floats: FloatBuffer, isFresh: Bool = false) {
    let count = isFresh ? floats.count : floats.count / 3
    guard count > 0, isFresh || floats.count == 3 * count else { return nil }
    func piece(_ index: Int) -> FloatBuffer {
      FloatBuffer(copying: floats.pointer, from: index * count, count: count)
    }
    self.init(
      step: Int(part.step), parameters: piece(0), moments: isFresh ? nil : .init(first: piece(1), second: piece(2)),
      epoch: .init(sum: part.epochLossSum, samples: Int(clamping: part.epochSamples)), losses: part.losses)
  }
}
