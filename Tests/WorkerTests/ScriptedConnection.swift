import Optimization
import Planning
import Support
import SwiftProtobuf
import Synchronization
import Transport
import Worker

/// A coordinator in memory: answers what a session sends with events, on the session's own thread.
final class ScriptedConnection: WorkerConnection {
  /// What a session has sent.
  enum Sent: Sendable {
    case message(Tenbin_WorkerMessage.OneOf_Body)
    case transfer(Transfer)
    case bulk(sharesMemory: Bool)
  }

  private let recorded = Mutex<[Sent]>([])
  private let answer: @Sendable (Sent) -> [WorkerEvent]
  private let events: @Sendable (WorkerEvent) -> Void

  init(events: @escaping @Sendable (WorkerEvent) -> Void, answer: @escaping @Sendable (Sent) -> [WorkerEvent]) {
    (self.events, self.answer) = (events, answer)
  }

  var sent: [Sent] { recorded.withLock { $0 } }

  private func record(_ item: Sent) {
    recorded.withLock { $0.append(item) }
    for event in answer(item) { events(event) }
  }

  func send(_ body: Tenbin_WorkerMessage.OneOf_Body) { record(.message(body)) }
  func send(_ transfer: Transfer, identifier: UInt64) { record(.transfer(transfer)) }
  func connectBulk(to address: Address, sharesMemory: Bool) { record(.bulk(sharesMemory: sharesMemory)) }
  func report(unitsDone: UInt64, stepsDone: UInt64) {}
  func close() {}

  /// The deliveries, in order.
  var deliveries: [Tenbin_Delivery] {
    sent.compactMap { if case .message(.delivery(let delivery)) = $0 { delivery } else { nil } }
  }

  /// The numbers of every transfer, in order.
  var transfers: [[Float]] {
    sent.compactMap { if case .transfer(let transfer) = $0 { transfer.floats } else { nil } }
  }

  /// What the coordinator was told that cannot be done, by lease.
  var failures: [Int: String] {
    sent.reduce(into: [:]) { failures, item in
      if case .message(.failure(let failure)) = item { failures[Int(failure.lease)] = failure.reason }
    }
  }

  /// Leases whose parameters were gone.
  var stale: [Int] {
    sent.compactMap { if case .message(.stale(let stale)) = $0 { Int(stale.lease) } else { nil } }
  }
}

/// A computation whose gradients depend on every item, parameter and draw.
final class ToyComputation: MicroBatchComputation {
  struct Refusal: Error, CustomStringConvertible { let description = "this item is broken" }

  static let parameters = 3
  private let broken: Int?
  private var loaded: [Float] = []

  /// - Parameter broken: an item that cannot be computed.
  init(broken: Int? = nil) { self.broken = broken }

  func parameterCount(method: Int) -> Int { Self.parameters }

  func load(_ parameters: UnsafeBufferPointer<Float>, method: Int) { loaded = Array(parameters) }

  func lossSum(method: Int, items: [Int], draws: RandomKey, gradient: FloatBuffer) throws -> Double {
    if let broken, items.contains(broken) { throw Refusal() }
    let sum = Self.gradient(of: items, at: loaded, draws: draws)
    gradient.copy(from: FloatBuffer(sum.gradient))
    return sum.loss
  }

  func evaluate(method: Int, items: [Int], _ question: EvaluationQuestion) -> [Float] {
    items.map { Float($0) + loaded[0] }
  }

  static func gradient(of items: [Int], at parameters: [Float], draws: RandomKey) -> (loss: Double, gradient: [Float]) {
    var gradient = [Float](repeating: 0, count: Self.parameters)
    var loss = 0.0
    for item in items {
      var random = draws[item].generator
      for index in gradient.indices {
        let error = parameters[index] - Float(item) / 7 + Float(random.uniform()) / 100
        gradient[index] += error
        loss += Double(error * error) / 2
      }
    }
    return (loss, gradient)
  }

  /// The gradients of all micro-batches of a step, each a leaf of the canonical tree.
  static func leaves(of schedule: RunSchedule, step: Int, at parameters: [Float]) -> [GradientSum] {
    let epoch = step / schedule.stepsPerEpoch
    let microBatches = schedule.microBatches(step: step % schedule.stepsPerEpoch, order: schedule.order(epoch: epoch))
    return microBatches.enumerated().map { unit, items in
      let sum = gradient(of: items, at: parameters, draws: schedule.drawsKey(epoch: epoch))
      return GradientSum(range: unit..<unit + 1, gradient: sum.gradient, lossSum: sum.loss, samples: items.count)
    }
  }
}
