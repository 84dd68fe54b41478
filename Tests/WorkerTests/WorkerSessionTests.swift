import Foundation
import Optimization
import Planning
import Support
import SwiftProtobuf
import Synchronization
import Testing
import Transport
import Worker

/// A worker's session against a coordinator in memory: no sockets, and everything on one thread.
@Suite(.timeLimit(.minutes(45))) struct WorkerSessionTests {
  private static let optimizer = OptimizerSettings(weightDecay: 0.01, warmup: 0, clip: 1)
  private static let initial: [Float] = [0.5, -0.25, 2]
  private static let schedule = RunSchedule(
    trainingItems: Array(0..<11), evaluatedItems: Array(20..<60), key: RandomKey(seed: 7)["session"], epochs: 2,
    rate: 0.1, batch: 5, microBatch: 2)

  // What a coordinator sends.

  private static func message(_ body: Tenbin_CoordinatorMessage.OneOf_Body) -> WorkerEvent {
    .message(.with { $0.body = body })
  }

  private static let goodbye = message(.goodbye(.with { $0.reason = "the audit is over" }))

  private static func lease(_ change: (inout Tenbin_LeaseGrant) -> Void) -> WorkerEvent {
    message(.lease(.with(change)))
  }

  private static func run(_ number: UInt32) -> WorkerEvent {
    let message = Tenbin_RunSchedule(
      schedule, of: RunIdentifier("lora-r8/seed-\(number)"), optimizer: optimizer, method: 0)
    return .transfer(
      Transfer(
        subject: .runSchedule(.with { $0.run = number }), payload: (try? message.serializedBytes()) ?? []))
  }

  private static func parameters(_ floats: [Float] = initial, version: UInt32 = 0) -> WorkerEvent {
    .transfer(Transfer(subject: .parameters(.with { $0.version = version }), floats: floats))
  }

  private static let freshState = WorkerEvent.transfer(Transfer(subject: .state(.init()), floats: initial))

  private static func units(_ units: Range<UInt32>, lease identifier: UInt64 = 1) -> WorkerEvent {
    lease {
      $0.identifier = identifier
      $0.microBatches = .with { ($0.first, $0.end) = (units.lowerBound, units.upperBound) }
    }
  }

  private static func training(end: Int = schedule.steps) -> WorkerEvent {
    lease {
      $0.identifier = 1
      $0.training = .with {
        $0.endStep = UInt32(end)
        $0.millisecondsBetweenStates = 600_000
        $0.isFresh = true
      }
    }
  }

  /// Runs a session that is sent `work` once it is prepared, and goodbye after `ending` deliveries, failures or stale
  /// leases; returns what it sent.
  private func session(
    _ work: [WorkerEvent], ending: Int = 1, computation: ToyComputation = ToyComputation()
  ) throws -> ScriptedConnection {
    let left = Counter(ending)
    return try session(computation: computation) { sent in
      switch sent {
      case .message(.hello): [Self.message(.welcome(.with { $0.bulkEndpoint = "tcp://127.0.0.1:1" }))]
      case .bulk: [.transfer(Transfer(subject: .catalogue(.init()), payload: []))]
      case .message(.prepared): work
      case .message(.delivery), .message(.failure), .message(.stale): left.next() == 0 ? [Self.goodbye] : []
      default: []
      }
    }
  }

  private func session(
    computation: ToyComputation = ToyComputation(),
    _ answer: @escaping @Sendable (ScriptedConnection.Sent) -> [WorkerEvent]
  ) throws -> ScriptedConnection {
    var made: ScriptedConnection?
    let session = try WorkerSession(
      settings: WorkerSettings(
        name: "worker", address: Address("tcp://127.0.0.1:1"), fingerprint: .init(), host: "host", patience: 1,
        sharesMemory: true),
      prepare: { _, _ in computation },
      connect: { events in
        let connection = ScriptedConnection(events: events, answer: answer)
        made = connection
        return connection
      })
    let connection = try #require(made)
    last.connection = connection
    try session.run()
    return connection
  }

  /// The connection of the session that ran last, for sessions that end with an error.
  private final class Last { var connection: ScriptedConnection? }
  private let last = Last()

  @Test("A leased micro-batch is computed at the version that came, and its sum is delivered as a node of the tree")
  func microBatches() throws {
    let connection = try session([Self.run(0), Self.parameters(), Self.units(0..<2)])
    let leaves = ToyComputation.leaves(of: Self.schedule, step: 0, at: Self.initial)
    let delivery = try #require(connection.deliveries.first)
    #expect(delivery.isLast && delivery.lease == 1 && delivery.parts.count == 1)
    #expect(delivery.parts[0].gradient.firstUnit == 0 && delivery.parts[0].gradient.endUnit == 2)
    #expect(delivery.parts[0].gradient.samples == 4)
    #expect(connection.transfers == [zip(leaves[0].gradient, leaves[1].gradient).map { $0 + $1 }])
  }

  @Test("Leases wait for their schedule and parameters, in whatever order these come")
  func order() throws {
    let first = try session([Self.units(0..<1), Self.parameters(), Self.run(0)])
    let second = try session([Self.run(0), Self.parameters(), Self.units(0..<1)])
    #expect(first.transfers == second.transfers && first.transfers.count == 1)
  }

  @Test("Evaluation blocks are evaluated item by item, in the schedule's order")
  func blocks() throws {
    let connection = try session([
      Self.run(0), Self.parameters(),
      Self.lease {
        $0.identifier = 1
        $0.blocks = .with { ($0.first, $0.end) = (0, 2) }
      },
    ])
    #expect(connection.transfers == [(20..<60).map { Float($0) + Self.initial[0] }])
  }

  @Test("An exclusive run has the same bits as the same steps in a coordinator")
  func exclusiveRun() throws {
    let connection = try session([Self.run(0), Self.freshState, Self.training()])
    var reference = TrainingRun(
      schedule: Self.schedule, training: Self.optimizer,
      state: TrainingState(step: 0, parameters: FloatBuffer(Self.initial)))
    var steps: [Tenbin_StepSummary] = []
    while !reference.isTrained {
      let leaves = ToyComputation.leaves(of: Self.schedule, step: reference.step, at: Array(reference.parameters))
      try reference.add(leaves)
      let step = try #require(try reference.finishStep())
      steps.append(
        .with {
          $0.samples = UInt64(step.samples)
          $0.lossSum = step.lossSum
          $0.gradient = Data(TensorDigest(of: step.gradient.floats).bytes)
          $0.parameters = Data(TensorDigest(of: reference.parameters.floats).bytes)
        })
    }
    let delivery = try #require(connection.deliveries.first)
    #expect(connection.deliveries.count == 1 && delivery.isLast && delivery.steps == steps && steps.count == 6)
    #expect(delivery.parts[0].state.losses == reference.losses)
    #expect(connection.transfers == [reference.state.buffers.flatMap { Array($0) }])
  }

  @Test("An exclusive run ends at the step that its lease names")
  func endStep() throws {
    let delivery = try #require(try session([Self.run(0), Self.freshState, Self.training(end: 2)]).deliveries.first)
    #expect(delivery.steps.count == 2 && delivery.isLast && delivery.parts[0].state.step == 2)
  }

  @Test("A recalled run is given back with the steps that are done")
  func recalled() throws {
    let recall = Self.message(.recall(.with { $0.lease = 1 }))
    let delivery = try #require(
      try session([Self.run(0), Self.freshState, Self.training(), recall]).deliveries.first)
    #expect(delivery.isLast && delivery.steps.isEmpty && delivery.parts[0].state.step == 0)
  }

  @Test("Parameters that are gone from shared memory make a lease stale, not a failure")
  func stale() throws {
    let connection = try session([
      Self.run(0),
      Self.lease {
        $0.identifier = 4
        $0.microBatches = .with { $0.end = 1 }
        $0.parameters = .with { $0.name = "nothing" }
      },
    ])
    #expect(connection.stale == [4] && connection.deliveries.isEmpty)
  }

  @Test("A lease of an older version than the parameters here is dropped without a word")
  func outdated() throws {
    let connection = try session([
      Self.run(0), Self.parameters(version: 3), Self.units(0..<1, lease: 1),
      Self.lease {
        $0.identifier = 2
        $0.version = 3
        $0.microBatches = .with { $0.end = 1 }
      },
    ])
    #expect(connection.deliveries.map(\.lease) == [2])
  }

  @Test("An item that cannot be computed ends the worker, and the coordinator is told the lease and the reason")
  func failure() throws {
    let item = Self.schedule.microBatches(step: 0, order: Self.schedule.order(epoch: 0))[0][0]
    #expect(throws: ToyComputation.Refusal.self) {
      try session(
        [Self.run(0), Self.parameters(), Self.units(0..<1, lease: 9)], computation: ToyComputation(broken: item))
    }
    #expect(last.connection?.failures == [9: "this item is broken"])
  }

  @Test("A lease of micro-batches that a step does not have is refused")
  func tooManyUnits() throws {
    let error = #expect(throws: WorkerError.self) {
      try session([Self.run(0), Self.parameters(), Self.units(0..<4)])
    }
    #expect(error?.description.contains("of 3") == true, "\(String(describing: error))")
  }

  @Test(
    "A refusal ends the worker; whether it may come back is said by its error",
    arguments: [(true, WorkerError.Kind.givenUp), (false, .refused)])
  func refused(mayReturn: Bool, kind: WorkerError.Kind) throws {
    let error = #expect(throws: WorkerError.self) {
      try session { sent in
        guard case .message(.hello) = sent else { return [] }
        return [
          Self.message(
            .refusal(
              .with {
                $0.reason = "another processor"
                $0.mayReturn = mayReturn
              }))
        ]
      }
    }
    #expect(error?.kind == kind && error?.description.contains("another processor") == true)
  }

  @Test("A coordinator that is silent for too long is named in the error")
  func lost() throws {
    let error = #expect(throws: WorkerError.self) {
      try session { if case .message(.hello) = $0 { [.coordinatorLost] } else { [] } }
    }
    #expect(error?.kind == .unreachable && error?.description.contains("tcp://127.0.0.1:1") == true)
  }

  @Test("A goodbye is answered before the session ends")
  func farewell() throws {
    let connection = try session { if case .message(.hello) = $0 { [Self.goodbye] } else { [] } }
    guard case .message(.goodbye)? = connection.sent.last else {
      Issue.record("the last message is \(String(describing: connection.sent.last))")
      return
    }
  }
}

/// Counts down.
private final class Counter: Sendable {
  private let left: Mutex<Int>

  init(_ count: Int) { left = Mutex(count) }

  func next() -> Int {
    left.withLock {
      $0 -= 1
      return $0
    }
  }
}
