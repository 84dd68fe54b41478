internal import Foundation
internal import Optimization
package import Support
internal import SwiftProtobuf
package import Transport

/// Holds slices of runs' parameters, adds the gradients that workers send for them, and updates them when its
/// coordinator says so. Parameters and gradients of a large model then travel between workers and reducers, and no link
/// carries all of them.
///
/// Everything happens on the thread that calls `run`; the sockets have threads of their own.
package final class Reducer {
  enum Event: Sendable {
    /// It should end.
    case leave
    case coordinator(WorkerEvent)
    case worker(CoordinatorEvent)
  }

  private let settings: ReducerSettings
  private let mailbox: Mailbox<Event>
  private let coordinator: any CoordinatorConnection
  private let listen: Listen
  /// Where workers connect; nil until the coordinator has said which keys are allowed.
  private var server: (any PeerConnections)?
  private var slices = SliceTable()
  /// Requests whose numbers have not come, and numbers whose request has not, by their call.
  private var adoptions: [UInt64: Tenbin_SliceRequest] = [:]
  private var numbers: [UInt64: FloatBuffer] = [:]
  private var nextTransfer: UInt64 = 1
  private var workers: [Peer: ContinuousClock.Instant] = [:]
  private var leftAt: ContinuousClock.Instant?

  /// How long it waits for a goodbye when it wants to leave; nothing is lost with it that is not saved elsewhere.
  private static let patienceWithGoodbye = Duration.seconds(2)
  /// Workers that were silent for this long are forgotten.
  private static let patienceWithWorkers = Duration.seconds(60)

  /// Opens the connections to workers, which pass every event on, from any thread.
  package typealias Listen = (
    _ security: ServerSecurity?, _ events: @escaping @Sendable (CoordinatorEvent) -> Void
  ) throws -> any PeerConnections

  /// Connects.
  package convenience init(settings: ReducerSettings) throws {
    guard !settings.listen.isWildcard else {
      throw WireError.address(
        settings.listen.description,
        problem: "workers connect to this address: expected a name or address at which they reach this host")
    }
    try self.init(
      settings: settings,
      connect: { send in
        try WorkerEndpoint(
          connectingTo: settings.coordinator, security: settings.security, silenceLimit: settings.patience, events: send
        )
      },
      listen: { security, send in
        try CoordinatorEndpoint(listeningAt: settings.listen, security: security, events: send)
      })
  }

  /// - Parameter connect: opens the connection to the coordinator, which passes every event on, from any thread.
  package init(
    settings: ReducerSettings,
    connect: (_ events: @escaping @Sendable (WorkerEvent) -> Void) throws -> any CoordinatorConnection,
    listen: @escaping Listen
  ) throws {
    self.settings = settings
    self.listen = listen
    let mailbox = Mailbox<Event>()
    self.mailbox = mailbox
    coordinator = try connect { mailbox.send(.coordinator($0)) }
    coordinator.send(
      .hello(
        .with {
          $0.name = settings.name
          $0.process = UInt32(getpid())
          $0.host = settings.host
          $0.isReducer = true
        }))
  }

  /// Runs until the coordinator says goodbye.
  ///
  /// - Throws: `ReducerError` when the coordinator refuses this reducer or is lost; `WireError` where it cannot listen.
  package func run() throws {
    defer {
      server?.close()
      coordinator.close()
    }
    while try step(waiting: leftAt == nil ? 5 : 0.1) {}
  }

  /// Takes the next event.
  ///
  /// - Parameter seconds: how long to wait for it.
  /// - Returns: whether the reducer should continue.
  package func step(waiting seconds: Double) throws -> Bool {
    if let event = mailbox.receive(until: Date(timeIntervalSinceNow: seconds)), try handle(event) { return false }
    let now = ContinuousClock.now
    if let leftAt, now - leftAt > Self.patienceWithGoodbye { return false }
    for (peer, heard) in workers where now - heard > Self.patienceWithWorkers { forget(peer) }
    return true
  }

  /// Makes it leave, from any thread.
  package var leave: @Sendable () -> Void {
    let mailbox = mailbox
    return { mailbox.send(.leave) }
  }

  /// Returns whether the coordinator said goodbye.
  private func handle(_ event: Event) throws -> Bool {
    switch event {
    case .leave:
      coordinator.send(.leaving(Tenbin_Leaving()))
      leftAt = leftAt ?? .now
    case .worker(let event): try handle(event)
    case .coordinator(.transfer(let transfer)): take(transfer)
    case .coordinator(.coordinatorLost):
      throw ReducerError(
        "no message from the coordinator at \(settings.coordinator) for \(Int(settings.patience)) s; is it running?",
        .unreachable)
    case .coordinator(.failed(let error)): throw error
    case .coordinator(.message(let message)):
      switch message.body {
      case .welcome(let welcome)?: try open(welcome)
      case .sliceRequest(let request)?: take(request)
      case .refusal(let refusal)?:
        throw ReducerError(
          "the coordinator at \(settings.coordinator) \(refusal.mayReturn ? "has let this reducer go" : "refused this reducer"): "
            + refusal.reason,
          mayReturn: refusal.mayReturn)
      case .goodbye?:
        coordinator.send(.goodbye(Tenbin_Goodbye()))
        return true
      default: break
      }
    }
    return false
  }

  /// Lets workers in.
  private func open(_ welcome: Tenbin_Welcome) throws {
    guard server == nil else { return }
    let security = settings.security.map { own in
      ServerSecurity(
        keys: own.keys,
        allowed: welcome.workerKeys.enumerated().compactMap { index, key in
          PublicKey(bytes: Array(key)).map { AllowedKey(role: .worker, name: "worker-\(index)", publicKey: $0) }
        })
    }
    let mailbox = mailbox
    let server: any PeerConnections
    do {
      server = try listen(security) { mailbox.send(.worker($0)) }
    } catch {
      coordinator.send(.goodbye(.with { $0.reason = "it cannot listen at \(settings.listen)" }))
      throw error
    }
    self.server = server
    coordinator.connectBulk(to: try Address(welcome.bulkEndpoint), sharesMemory: false)
    coordinator.send(
      .prepared(
        .with {
          $0.reducer.endpoint = server.control
          $0.reducer.publicKey = Data(settings.security?.keys.publicKey.bytes ?? [])
        }))
    settings.notice("workers reach this reducer at \(server.control)")
  }
}

// Requests of the coordinator.
extension Reducer {
  private func take(_ request: Tenbin_SliceRequest) {
    switch request.work {
    case .adopt?:
      adoptions[request.call] = request
      adopt(call: request.call)
    case .release?: slices.remove(request.slice)
    case .reduce(let reduce)?:
      answer(request) { slice in
        let reduced = try slice.reduce(
          leases: reduce.leases.map { Int($0) }, microBatches: Int(reduce.microBatches), in: .parallel)
        return .with {
          $0.digests = reduced.digests.map { Data($0.bytes) }
          $0.squares = reduced.squares
          $0.isFinite = reduced.isFinite
        }
      }
    case .update(let update)?:
      answer(request) { slice in
        try slice.update(scale: update.scale, rate: update.rate, in: .parallel)
        return .with { $0.digests = slice.digests.map { Data($0.bytes) } }
      }
    case .collect?:
      var numbers: [UInt8] = []
      answer(request) { slice in
        let parts = [slice.parameters, slice.moments.first, slice.moments.second]
        numbers.reserveCapacity(parts.count * slice.parameters.count * 4)
        for part in parts { numbers.append(contentsOf: UnsafeRawBufferPointer(part.floats)) }
        return Tenbin_SliceAnswer()
      }
      guard !numbers.isEmpty else { return }
      let subject = Tenbin_SliceStateSubject.with { $0.call = request.call }
      coordinator.send(Transfer(subject: .sliceState(subject), payload: numbers), identifier: nextTransfer)
      nextTransfer += 1
    case nil: break
    }
  }

  private func answer(
    _ request: Tenbin_SliceRequest, _ body: (inout ParameterSlice) throws -> Tenbin_SliceAnswer
  ) {
    var answer: Tenbin_SliceAnswer
    do {
      answer = try slices.change(request.slice, step: Int(request.step), body)
    } catch {
      answer = .with { $0.problem = "\(error)" }
    }
    answer.call = request.call
    coordinator.send(.sliceAnswer(answer))
  }

  /// The numbers of a slice have arrived.
  private func take(_ transfer: Transfer) {
    guard case .sliceState(let subject) = transfer.subject, let floats = transfer.floats else { return }
    numbers[subject.call] = FloatBuffer(floats)
    adopt(call: subject.call)
  }

  /// Takes a slice over when both its request and its numbers have arrived.
  private func adopt(call: UInt64) {
    guard let request = adoptions[call], let floats = numbers[call] else { return }
    (adoptions[call], numbers[call]) = (nil, nil)
    let adopted = request.adopt
    let count = Int(clamping: adopted.elements)
    var answer = Tenbin_SliceAnswer.with { $0.call = call }
    if count > 0, floats.count == (adopted.isFresh ? 1 : 3) * count {
      func piece(_ index: Int) -> FloatBuffer {
        FloatBuffer(copying: floats.pointer, from: index * count, count: count)
      }
      slices.insert(
        ParameterSlice(
          ofVector: Int(clamping: adopted.count), step: Int(request.step), parameters: piece(0),
          moments: adopted.isFresh ? nil : (piece(1), piece(2)), weightDecay: adopted.weightDecay),
        identifier: request.slice)
    } else {
      answer.problem = "\(SliceError.numbers(expected: count, found: floats.count))"
    }
    coordinator.send(.sliceAnswer(answer))
  }
}

// Parameters for workers, and gradients of them.
extension Reducer {
  private func handle(_ event: CoordinatorEvent) throws {
    switch event {
    case .message(let message, let peer):
      workers[peer] = .now
      switch message.body {
      case .hello?: server?.send(.welcome(.with { $0.bulkEndpoint = server?.bulk ?? "" }), to: peer)
      case .parametersRequest(let request)?: give(request, to: peer)
      case .goodbye?: forget(peer)
      default: break
      }
    case .ready(let peer, _): server?.admit(peer)
    case .transfer(let transfer, _, let peer): take(transfer, from: peer)
    case .unreachable(let peer): forget(peer)
    case .failed(let error): throw error
    case .malformed, .request: break
    }
  }

  private func forget(_ peer: Peer) {
    workers[peer] = nil
    server?.forget(peer)
  }

  /// Sends the parameters of a slice to a worker, which may send gradients of that size from then on.
  private func give(_ request: Tenbin_ParametersRequest, to peer: Peer) {
    guard let parameters = slices.parameters(slice: request.slice, version: Int(request.version)) else {
      server?.send(
        .sliceMissing(
          .with {
            $0.slice = request.slice
            $0.version = request.version
          }), to: peer)
      return
    }
    let subject = Tenbin_SliceParametersSubject.with {
      $0.slice = request.slice
      $0.version = request.version
    }
    server?.expect(bytes: Self.gradientsAhead * parameters.count * 4, from: peer)
    server?.send(
      Transfer(subject: .sliceParameters(subject), payload: Array(UnsafeRawBufferPointer(parameters.floats))), to: peer)
  }

  /// Gradients that a worker may send before one of them was taken: two leases, of two nodes for each level of a tree.
  private static let gradientsAhead = 64

  private func take(_ transfer: Transfer, from peer: Peer) {
    workers[peer] = .now
    guard case .sliceGradient(let subject) = transfer.subject, subject.firstUnit < subject.endUnit,
      let floats = transfer.floats
    else { return }
    server?.expect(bytes: transfer.payload.count, from: peer)
    let node = GradientSum(
      range: Int(subject.firstUnit)..<Int(subject.endUnit), gradient: FloatBuffer(floats), lossSum: subject.lossSum,
      samples: Int(clamping: subject.samples))
    guard
      let receipt = slices.take(
        node, slice: subject.slice, step: Int(subject.step), lease: Int(clamping: subject.lease))
    else { return }
    let traffic = server?.traffic ?? Traffic()
    coordinator.send(
      .sliceReceipt(
        .with {
          $0.slice = subject.slice
          $0.step = subject.step
          $0.lease = subject.lease
          $0.firstUnit = subject.firstUnit
          $0.endUnit = subject.endUnit
          $0.digests = receipt.digests.map { Data($0.bytes) }
          $0.isFinite = receipt.isFinite
          $0.bytesSent = UInt64(traffic.sent)
          $0.bytesReceived = UInt64(traffic.received)
        }))
  }
}

/// The connection to a coordinator as a reducer uses it: sockets, or memory in tests.
package protocol CoordinatorConnection: AnyObject, Sendable {
  func send(_ body: Tenbin_WorkerMessage.OneOf_Body)
  /// Sends a transfer under an identifier that the sender has chosen.
  func send(_ transfer: Transfer, identifier: UInt64)
  func connectBulk(to address: Address, sharesMemory: Bool)
  func close()
}

extension WorkerEndpoint: CoordinatorConnection {}

/// The settings of a reducer.
package struct ReducerSettings: Sendable {
  package var name: String
  /// Where the coordinator listens.
  package var coordinator: Address
  /// Where workers connect.
  package var listen: Address
  package var security: ClientSecurity?
  /// The name of its host, as the system has it.
  package var host: String
  /// Seconds that the coordinator may be silent.
  package var patience: Double
  /// Takes what a person may want to know.
  package var notice: @Sendable (String) -> Void

  package init(
    name: String, coordinator: Address, listen: Address, security: ClientSecurity?, host: String, patience: Double,
    notice: @escaping @Sendable (String) -> Void
  ) {
    self.name = name
    self.coordinator = coordinator
    self.listen = listen
    self.security = security
    self.host = host
    self.patience = patience
    self.notice = notice
  }
}

/// Why a reducer ends.
package struct ReducerError: ErrorWithExitStatus, CustomStringConvertible {
  package let description: String
  package let exitStatus: CommandStatus?
  /// Whether it may come back as a new process.
  package let mayReturn: Bool

  init(_ description: String, _ status: CommandStatus = .failure, mayReturn: Bool = false) {
    (self.description, exitStatus, self.mayReturn) = (description, status, mayReturn)
  }
}

/// The slices that a reducer holds, by their identifiers.
struct SliceTable {
  private var slices: [UInt64: ParameterSlice] = [:]

  /// The most nodes that are kept for one step; no honest worker sends more.
  private static let mostGradients = 4_096

  /// Takes a node's slice; nil if it is late or does not fit.
  mutating func take(_ node: GradientSum, slice: UInt64, step: Int, lease: Int) -> ParameterSlice.Receipt? {
    guard let held = slices[slice], held.step == step, held.gradientCount < Self.mostGradients else { return nil }
    return try? slices[slice]?.take(node, lease: lease)
  }

  /// The parameters before a step; nil if the slice is unknown or at another step.
  func parameters(slice: UInt64, version: Int) -> FloatBuffer? {
    guard let held = slices[slice], held.step == version else { return nil }
    return held.parameters
  }

  /// Changes a slice that is at `step`.
  ///
  /// - Throws: `SliceError` if it is not.
  mutating func change<Value>(_ slice: UInt64, step: Int, _ body: (inout ParameterSlice) throws -> Value) throws
    -> Value
  {
    guard let index = slices.index(forKey: slice) else { throw SliceError.unknown(slice: slice) }
    guard slices.values[index].step == step else {
      throw SliceError.otherStep(slice: slice, expected: step, found: slices.values[index].step)
    }
    return try body(&slices.values[index])
  }

  mutating func insert(_ slice: ParameterSlice, identifier: UInt64) { slices[identifier] = slice }

  mutating func remove(_ slice: UInt64) { slices[slice] = nil }
}

/// A request that does not fit what the reducer holds.
enum SliceError: Error, CustomStringConvertible {
  case unknown(slice: UInt64)
  case otherStep(slice: UInt64, expected: Int, found: Int)
  case numbers(expected: Int, found: Int)

  var description: String {
    switch self {
    case .unknown(let slice): "slice \(slice) is unknown"
    case .otherStep(let slice, let expected, let found):
      "slice \(slice) is at step \(found), expected \(expected)"
    case .numbers(let expected, let found): "\(found) numbers received for a slice, expected \(expected)"
    }
  }
}
