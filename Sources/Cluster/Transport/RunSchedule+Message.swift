internal import Foundation
package import Planning
internal import Support
internal import SwiftProtobuf

extension Tenbin_RunSchedule {
  /// - Parameters:
  ///   - identifier: what people call the run.
  ///   - method: the position of the run's method in the welcome.
  package init(_ schedule: RunSchedule, of identifier: RunIdentifier, optimizer: OptimizerSettings, method: Int) {
    self.init()
    self.identifier = identifier.description
    self.method = UInt32(method)
    trainingItems = schedule.trainingItems.map(UInt32.init)
    evaluatedItems = schedule.evaluatedItems.map(UInt32.init)
    key = Data(schedule.key.bytes)
    epochs = UInt32(schedule.epochs)
    batch = UInt32(schedule.batch)
    microBatch = UInt32(schedule.microBatch)
    rate = schedule.rate
    weightDecay = optimizer.weightDecay
    warmup = optimizer.warmup
    clip = optimizer.clip ?? 0
    groupsByLength = schedule.lengths != nil
    generatedTokens = UInt32(schedule.question.generatedTokens)
    queries = UInt32(schedule.question.queries)
    switch schedule.earlierEvaluations {
    case .none: break
    case .everyEpoch: everyEpoch = true
    case .validation(let items):
      validation = .with {
        $0.first = UInt32(items.lowerBound)
        $0.end = UInt32(items.upperBound)
      }
    }
    if let pack = schedule.pack {
      self.pack = .with {
        $0.number = UInt32(pack.number)
        $0.slot = UInt32(pack.slot)
        $0.size = UInt32(pack.size)
      }
    }
  }

  /// The settings of the optimizer.
  package var optimizer: OptimizerSettings {
    OptimizerSettings(weightDecay: weightDecay, warmup: warmup, clip: clip > 0 ? clip : nil)
  }
}

extension RunSchedule {
  /// The schedule of a message; nil when it is malformed.
  ///
  /// - Parameter lengths: the number of tokens of every item in the catalogue.
  package init?(_ message: Tenbin_RunSchedule, lengths: [Int]) {
    guard let key = RandomKey(bytes: message.key), message.batch > 0, message.microBatch > 0,
      !message.groupsByLength || message.trainingItems.allSatisfy({ lengths.indices.contains(Int($0)) })
    else { return nil }
    var pack: Pack?
    if message.hasPack {
      guard message.pack.slot < message.pack.size, message.pack.size <= 1 << 16 else { return nil }
      pack = Pack(number: Int(message.pack.number), slot: Int(message.pack.slot), size: Int(message.pack.size))
    }
    let earlier: EarlierEvaluations
    switch message.earlierEvaluations {
    case .everyEpoch(true)?: earlier = .everyEpoch
    case .validation(let items)?:
      guard items.first <= items.end, Int(items.end) <= message.evaluatedItems.count else { return nil }
      earlier = .validation(items: Int(items.first)..<Int(items.end))
    case .everyEpoch(false)?, nil: earlier = .none
    }
    self.init(
      trainingItems: message.trainingItems.map(Int.init), evaluatedItems: message.evaluatedItems.map(Int.init),
      key: key, epochs: Int(message.epochs), rate: message.rate, batch: Int(message.batch),
      microBatch: Int(message.microBatch), lengths: message.groupsByLength ? lengths : nil,
      question: EvaluationQuestion(
        generatedTokens: Int(clamping: message.generatedTokens), queries: Int(clamping: message.queries)),
      pack: pack, earlierEvaluations: earlier)
  }
}
