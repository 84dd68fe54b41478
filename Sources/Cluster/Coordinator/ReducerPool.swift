internal import Foundation
internal import Optimization
internal import Scheduler
internal import Support
internal import SwiftProtobuf
package import Transport

/// The reducers that have joined, the runs whose parameters they hold in slices, and the requests that they have not
/// answered yet. Belongs to the event loop's thread; nothing here waits.
final class ReducerPool {
  private let connections: any PeerConnections
  private let clock: () -> Duration
  private(set) var entries: [Peer: ConnectedReducer] = [:]
  private var runs: [Int: SlicedRun] = [:]
  /// The pending requests to the reducers of each run.
  private var requests: [Int: Request] = [:]
  /// The outcomes of requests since `takeOutcomes`.
  private var outcomes: [Outcome] = []
  /// Runs that have lost a slice since `takeLostRuns`.
  private var lostRuns: Set<Int> = []
  /// Reducers that have left since `takeDepartures`, and why, for people.
  private var departures: [String] = []
  /// The traffic between workers and reducers that have left.
  private var pastTraffic = Traffic()
  private var nextCall: UInt64 = 1
  private var nextSlice: UInt64 = 1
  private var lastProbe: Duration = .zero
  /// How often workers could not reach the reducer at an address.
  private var complaints: [String: Int] = [:]

  /// A reducer that was silent for this long is lost.
  private static let patience = Duration.seconds(5)

  /// The outcome of a request.
  enum Outcome {
    /// The reducers hold the parameters of the run, or one of them could not take its slice.
    case adopted(run: Int, isAdopted: Bool)
    case answered(run: Int, ReducerAnswer)
  }

  /// One request to all reducers of a run.
  private struct Request {
    let kind: Kind
    /// The call to each reducer, in the order of the slices.
    let calls: [UInt64]
    var answers: [UInt64: Tenbin_SliceAnswer] = [:]
    var numbers: [UInt64: FloatBuffer] = [:]

    enum Kind { case adopt, reduce, update, collect }

    var isComplete: Bool { answers.count == calls.count && (kind != .collect || numbers.count == calls.count) }
  }

  init(connections: any PeerConnections, clock: @escaping () -> Duration) {
    (self.connections, self.clock) = (connections, clock)
  }

  /// Bytes that reducers have exchanged with workers.
  var traffic: Traffic { entries.values.reduce(pastTraffic) { $0 + $1.traffic } }

  /// The reducers that can hold slices, in the order of their names.
  var ready: [ConnectedReducer] {
    entries.values.filter(\.isReady).sorted { ($0.name, $0.process) < ($1.name, $1.process) }
  }

  /// The slices of a run; nil if no reducers hold it.
  func slices(of run: Int) -> [SlicedRun.Slice]? { runs[run]?.slices }

  /// The slices of a run as a lease names them.
  func message(of run: Int) -> [Tenbin_Slice] {
    (runs[run]?.slices ?? []).compactMap { slice in
      guard let offer = entries[slice.peer]?.offer else { return nil }
      return .with {
        $0.identifier = slice.identifier
        $0.elements = UInt64(slice.elements.count)
        $0.reducer = offer
      }
    }
  }

  func takeOutcomes() -> [Outcome] {
    defer { outcomes = [] }
    return outcomes
  }

  func takeLostRuns() -> Set<Int> {
    defer { lostRuns = [] }
    return lostRuns
  }

  func takeDepartures() -> [String] {
    defer { departures = [] }
    return departures
  }
}

/// A process that holds slices.
package struct ConnectedReducer {
  let peer: Peer
  package let name: String
  package let process: UInt32
  var isAdmitted = false
  /// Where workers connect to it; nil until it has said so.
  var offer: Tenbin_ReducerOffer?
  var lastHeard: Duration
  /// The lengths of the slices that it holds.
  var slices: [UInt64: Int] = [:]
  /// Workers that have exchanged something with it.
  var served: Set<WorkerIdentifier> = []
  /// Bytes that it has exchanged with workers.
  package internal(set) var traffic = Traffic()

  var isReady: Bool { isAdmitted && offer != nil }
  package var endpoint: String { offer?.endpoint ?? "" }
  package var sliceCount: Int { slices.count }
  package var elements: Int { slices.values.reduce(0, +) }
}

/// The parameters of one run, cut into slices that reducers hold.
struct SlicedRun {
  let count: Int
  let slices: [Slice]

  /// Consecutive elements with one reducer.
  struct Slice {
    let identifier: UInt64
    let peer: Peer
    let elements: Range<Int>
  }

  /// The digests of all sections, in order; nil if the answers do not fit the vector.
  func digests(_ answers: [Tenbin_SliceAnswer]) -> [TensorDigest]? {
    let digests = answers.flatMap(\.digests).map { TensorDigest(bytes: $0) }
    guard digests.count == VectorSections(count: count).sectionCount else { return nil }
    return digests.contains { $0 == nil } ? nil : digests.compactMap(\.self)
  }
}

// Requests and their answers.
extension ReducerPool {
  /// Sends the numbers of a run to the reducers that are ready. An `adopted` outcome follows.
  ///
  /// - Returns: false if no reducer is ready.
  func adopt(run: Int, _ state: TrainingState, weightDecay: Double) -> Bool {
    let ready = ready
    guard !ready.isEmpty else { return false }
    let ranges = VectorSections(count: state.parameters.count).slices(ready.count)
    let slices = zip(ready, ranges).map { entry, elements in
      defer { nextSlice += 1 }
      entries[entry.peer]?.slices[nextSlice] = elements.count
      return SlicedRun.Slice(identifier: nextSlice, peer: entry.peer, elements: elements)
    }
    runs[run] = SlicedRun(count: state.parameters.count, slices: slices)
    let buffers = state.step == 0 ? [state.parameters] : state.buffers
    let calls = send(
      to: slices, step: state.step,
      { slice in
        .adopt(
          .with {
            $0.count = UInt64(state.parameters.count)
            $0.elements = UInt64(slice.elements.count)
            $0.isFresh = state.moments == nil || state.step == 0
            $0.weightDecay = weightDecay
          })
      })
    for (call, slice) in zip(calls, slices) {
      let numbers = buffers.flatMap { UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: $0.floats[slice.elements])) }
      let subject = Tenbin_SliceStateSubject.with { $0.call = call }
      connections.send(Transfer(subject: .sliceState(subject), payload: numbers), to: slice.peer)
    }
    requests[run] = Request(kind: .adopt, calls: calls)
    return true
  }

  /// Passes a request on to the reducers of a run. An `answered` outcome follows, unless a slice is lost before.
  func ask(_ request: ReducerRequest, run: Int) {
    guard let slices = runs[run]?.slices else { return }
    switch request {
    case .reduce(let step, let leases, let microBatches):
      let reduce = Tenbin_ReduceSlice.with {
        $0.leases = leases.map { UInt64($0) }
        $0.microBatches = UInt32(microBatches)
      }
      requests[run] = Request(kind: .reduce, calls: send(to: slices, step: step) { _ in .reduce(reduce) })
    case .update(let step, let values):
      let update = Tenbin_UpdateSlice.with {
        $0.scale = values.scale
        $0.rate = values.rate
      }
      requests[run] = Request(kind: .update, calls: send(to: slices, step: step) { _ in .update(update) })
    case .collect(let step):
      for slice in slices { connections.expect(bytes: 12 * slice.elements.count, from: slice.peer) }
      requests[run] = Request(
        kind: .collect, calls: send(to: slices, step: step) { _ in .collect(Tenbin_CollectSlice()) })
    case .release: release(run)
    }
  }

  private func send(
    to slices: [SlicedRun.Slice], step: Int, _ work: (SlicedRun.Slice) -> Tenbin_SliceRequest.OneOf_Work
  ) -> [UInt64] {
    slices.map { slice in
      let request = Tenbin_SliceRequest.with {
        $0.call = nextCall
        $0.slice = slice.identifier
        $0.step = UInt32(step)
        $0.work = work(slice)
      }
      nextCall += 1
      connections.send(.sliceRequest(request), to: slice.peer)
      return request.call
    }
  }

  private func release(_ run: Int) {
    requests[run] = nil
    for slice in runs.removeValue(forKey: run)?.slices ?? [] where entries[slice.peer] != nil {
      entries[slice.peer]?.slices[slice.identifier] = nil
      connections.send(
        .sliceRequest(
          .with {
            $0.slice = slice.identifier
            $0.release = Tenbin_ReleaseSlice()
          }), to: slice.peer)
    }
  }

  /// A reducer has answered; one that cannot fulfil the request is lost.
  func take(_ answer: Tenbin_SliceAnswer, from peer: Peer) {
    guard let run = run(ofCall: answer.call) else { return }
    guard answer.problem.isEmpty else { return lose(peer, because: answer.problem.printable) }
    requests[run]?.answers[answer.call] = answer
    finish(run)
  }

  /// A reducer has sent the numbers of a slice.
  func take(_ transfer: Transfer, from peer: Peer) {
    guard case .sliceState(let subject) = transfer.subject, let run = run(ofCall: subject.call),
      let floats = transfer.floats
    else { return }
    requests[run]?.numbers[subject.call] = FloatBuffer(floats)
    finish(run)
  }

  private func run(ofCall call: UInt64) -> Int? { requests.first { $0.value.calls.contains(call) }?.key }

  private func finish(_ run: Int) {
    guard let request = requests[run], request.isComplete, let sliced = runs[run] else { return }
    requests[run] = nil
    let answers = request.calls.compactMap { request.answers[$0] }
    let answer: ReducerAnswer?
    switch request.kind {
    case .adopt:
      outcomes.append(.adopted(run: run, isAdopted: true))
      return
    case .reduce:
      answer = sliced.digests(answers).map {
        .reduced(
          SlicedGradient(
            digest: TensorDigest(ofSections: $0), squares: answers.flatMap(\.squares),
            isFinite: answers.allSatisfy(\.isFinite)))
      }
    case .update:
      answer = sliced.digests(answers).map { .updated(parameters: TensorDigest(ofSections: $0)) }
    case .collect: answer = sliced.state(request.calls.compactMap { request.numbers[$0] })
    }
    if let answer {
      outcomes.append(.answered(run: run, answer))
    } else {
      lostRuns.insert(run)
      release(run)
    }
  }
}

extension SlicedRun {
  /// The whole parameters and moments; nil if the pieces do not fit the slices.
  fileprivate func state(_ pieces: [FloatBuffer]) -> ReducerAnswer? {
    let parts = (0..<3).map { _ in FloatBuffer(repeating: 0, count: count) }
    for (slice, numbers) in zip(slices, pieces) {
      let length = slice.elements.count
      guard numbers.count == 3 * length else { return nil }
      for (index, part) in parts.enumerated() {
        part.copy(
          from: FloatBuffer(copying: numbers.pointer, from: index * length, count: length),
          to: slice.elements.lowerBound)
      }
    }
    return .collected(parameters: parts[0], .init(first: parts[1], second: parts[2]))
  }
}

// Reducers that come and go.
extension ReducerPool {
  func greet(_ hello: Tenbin_Hello, from peer: Peer) {
    entries[peer] = ConnectedReducer(
      peer: peer, name: hello.name.printable, process: hello.process, lastHeard: clock())
  }

  func admit(_ peer: Peer) {
    entries[peer]?.isAdmitted = true
    connections.admit(peer)
  }

  func hear(_ peer: Peer) { entries[peer]?.lastHeard = clock() }

  /// The reducer tells the address that workers reach it at; false if it is not an address.
  func prepared(_ peer: Peer, _ offer: Tenbin_ReducerOffer) -> Bool {
    guard entries[peer] != nil, (try? Address(offer.endpoint)) != nil else { return false }
    entries[peer]?.offer = offer
    return true
  }

  /// Counts what the reducer has exchanged with workers, and notes that it has served this one.
  func count(_ receipt: Tenbin_SliceReceipt, from peer: Peer, of worker: WorkerIdentifier?) {
    entries[peer]?.traffic.sent = Int(clamping: receipt.bytesSent)
    entries[peer]?.traffic.received = Int(clamping: receipt.bytesReceived)
    if let worker { entries[peer]?.served.insert(worker) }
  }

  /// The reducer has left, and its slices are lost.
  func lose(_ peer: Peer, because reason: String) {
    guard let entry = entries.removeValue(forKey: peer) else { return }
    departures.append("the reducer \(entry.name) has left: \(reason)")
    pastTraffic = pastTraffic + entry.traffic
    connections.forget(peer)
    for (run, sliced) in runs.sorted(by: { $0.key < $1.key }) where sliced.slices.contains(where: { $0.peer == peer }) {
      if requests[run]?.kind == .adopt {
        // Nothing is lost: the coordinator still has the numbers.
        outcomes.append(.adopted(run: run, isAdopted: false))
      } else {
        lostRuns.insert(run)
      }
      release(run)
    }
  }

  /// Sends something to every reducer once a second, and more often while an answer is awaited: a connection that is
  /// closed at the other end is only noticed then.
  func probe() {
    guard clock() - lastProbe > .milliseconds(requests.isEmpty ? 1_000 : 250) else { return }
    lastProbe = clock()
    for peer in entries.keys { connections.send(.heartbeatAnswer(Tenbin_HeartbeatAnswer()), to: peer) }
  }

  /// A worker could not reach the reducer, and no other worker has: its slices go elsewhere. It may come back once.
  func complain(about peer: Peer) {
    guard let entry = entries[peer] else { return }
    complaints[entry.endpoint, default: 0] += 1
    lose(peer, because: "a worker could not reach it at \(entry.endpoint.printable)")
  }

  func isUnreachable(_ endpoint: String) -> Bool { complaints[endpoint, default: 0] > 1 }

  /// Gives up the reducers that were silent for too long.
  func loseSilent() {
    for entry in entries.values where clock() - entry.lastHeard > Self.patience {
      lose(entry.peer, because: "it was not heard of for long")
    }
  }
}

/// Deliveries whose gradients went to reducers, until the reducer of every slice has reported what it received.
struct SlicedDeliveries {
  private var receipts: [Int: [Key: Tenbin_SliceReceipt]] = [:]
  private var waiting: [Int: (whole: DeliveryAssembly.Whole, peer: Peer)] = [:]

  private struct Key: Hashable {
    let slice: UInt64
    let firstUnit: UInt32
    let endUnit: UInt32
  }

  var isEmpty: Bool { receipts.isEmpty && waiting.isEmpty }

  mutating func insert(_ receipt: Tenbin_SliceReceipt) {
    let key = Key(slice: receipt.slice, firstUnit: receipt.firstUnit, endUnit: receipt.endUnit)
    receipts[Int(clamping: receipt.lease), default: [:]][key] = receipt
  }

  mutating func insert(_ whole: DeliveryAssembly.Whole, from peer: Peer) {
    waiting[Int(clamping: whole.delivery.lease)] = (whole, peer)
  }

  func delivery(of lease: Int) -> (whole: DeliveryAssembly.Whole, peer: Peer)? { waiting[lease] }

  /// What the reducers of all slices report about a delivery's gradients; nil while a report is missing.
  mutating func receipt(of delivery: Tenbin_Delivery, slices: [SlicedRun.Slice]) -> GradientReceipt? {
    let lease = Int(clamping: delivery.lease)
    let known = receipts[lease] ?? [:]
    var receipt = GradientReceipt()
    for part in delivery.parts {
      for slice in slices {
        let key = Key(slice: slice.identifier, firstUnit: part.gradient.firstUnit, endUnit: part.gradient.endUnit)
        guard let found = known[key] else { return nil }
        receipt.digests += found.digests.compactMap { TensorDigest(bytes: $0) }
        receipt.isFinite = receipt.isFinite && found.isFinite
      }
    }
    remove(lease)
    return receipt
  }

  /// Forgets what belongs to leases that have ended.
  mutating func removeAll(where isOver: (Int) -> Bool) {
    for lease in Set(receipts.keys).union(waiting.keys) where isOver(lease) { remove(lease) }
  }

  private mutating func remove(_ lease: Int) {
    receipts[lease] = nil
    waiting[lease] = nil
  }
}
