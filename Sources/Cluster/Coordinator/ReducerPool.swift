internal import Foundation
internal import Optimization
internal import Scheduler
internal import Support
internal import SwiftProtobuf
package import Transport

/// The reducers that have come, and the calls that wait for them. Belongs to the conductor's thread.
final class ReducerPool {
  private let endpoint: CoordinatorEndpoint
  private let mailbox: Mailbox<RunConductor.Event>
  private(set) var entries: [Peer: ReducerEntry] = [:]
  /// What came while an answer was waited for.
  private var deferred: [RunConductor.Event] = []
  /// Runs that have lost a slice.
  private(set) var lostRuns: Set<Int> = []
  /// Who has left and why, for people.
  private var departures: [String] = []
  /// What reducers exchanged with workers that are gone.
  private var pastTraffic = Traffic()
  private var nextCall: UInt64 = 1
  private var nextSlice: UInt64 = 1

  /// A reducer that says nothing for so long while it is waited for is lost.
  private static let patience = Duration.seconds(5)
  private var lastProbe = ContinuousClock.now
  /// How often workers could not reach the reducer at an address.
  private var complaints: [String: Int] = [:]

  init(endpoint: CoordinatorEndpoint, mailbox: Mailbox<RunConductor.Event>) {
    (self.endpoint, self.mailbox) = (endpoint, mailbox)
  }

  /// What reducers exchanged with workers.
  var traffic: Traffic { entries.values.reduce(pastTraffic) { $0 + $1.traffic } }

  /// Those that can hold slices, in the order of their names.
  var ready: [ReducerEntry] {
    entries.values.filter(\.isReady).sorted { ($0.name, $0.process) < ($1.name, $1.process) }
  }

  func offer(of peer: Peer) -> Tenbin_ReducerOffer? { entries[peer]?.offer }

  func expect(bytes: Int, from peer: Peer) { endpoint.expect(bytes: bytes, from: peer) }

  /// The next event that came while an answer was waited for.
  func takeDeferred() -> RunConductor.Event? { deferred.isEmpty ? nil : deferred.removeFirst() }

  /// Gives the numbers of a run to those that are ready; nil where there are none, or one of them fails.
  func slices(run: Int, state: TrainingState, weightDecay: Double) -> SlicedRun? {
    let ready = ready
    guard !ready.isEmpty else { return nil }
    let ranges = VectorSections(count: state.parameters.count).slices(ready.count)
    let slices = zip(ready, ranges).map { entry, elements in
      defer { nextSlice += 1 }
      entries[entry.peer]?.slices[nextSlice] = (run, elements.count)
      return SlicedRun.Slice(identifier: nextSlice, peer: entry.peer, elements: elements)
    }
    let sliced = SlicedRun(run: run, count: state.parameters.count, slices: slices, pool: self)
    guard sliced.adopt(state, weightDecay: weightDecay) else {
      // Nothing is lost: its numbers are still here.
      lostRuns.remove(run)
      return nil
    }
    return sliced
  }

  func release(_ slices: [SlicedRun.Slice]) {
    for slice in slices where entries[slice.peer] != nil {
      entries[slice.peer]?.slices[slice.identifier] = nil
      endpoint.send(
        .sliceRequest(
          .with {
            $0.slice = slice.identifier
            $0.release = Tenbin_ReleaseSlice()
          }), to: slice.peer)
    }
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
package struct ReducerEntry {
  let peer: Peer
  package let name: String
  package let process: UInt32
  package let host: String
  var isAdmitted = false
  /// Where workers connect to it; nil before it says so.
  var offer: Tenbin_ReducerOffer?
  var lastHeard = ContinuousClock.now
  /// Runs and lengths of the slices that it holds.
  var slices: [UInt64: (run: Int, elements: Int)] = [:]
  /// Workers that have exchanged something with it.
  var served: Set<Member> = []
  /// Bytes that it exchanged with workers.
  package internal(set) var traffic = Traffic()

  var isReady: Bool { isAdmitted && offer != nil }
  package var endpoint: String { offer?.endpoint ?? "" }
  package var sliceCount: Int { slices.count }
  package var elements: Int { slices.values.reduce(0) { $0 + $1.elements } }
}

// Calls, which are waited for.
extension ReducerPool {
  struct Answer {
    var answer: Tenbin_SliceAnswer
    var numbers: FloatBuffer?
  }

  /// Asks the reducer of every slice for something, and waits for all answers, in the slices' order.
  ///
  /// - Parameters:
  ///   - numbers: what is sent along.
  ///   - wantsNumbers: whether numbers come back.
  /// - Returns: nil where one of them is lost or cannot do it; the run then has lost a slice.
  func call(
    run: Int, _ slices: [SlicedRun.Slice], step: Int, _ work: (SlicedRun.Slice) -> Tenbin_SliceRequest.OneOf_Work,
    wantsNumbers: Bool = false, numbers: ((SlicedRun.Slice) -> [UInt8])? = nil
  ) -> [Answer]? {
    guard slices.allSatisfy({ entries[$0.peer] != nil }) else { return fail(run) }
    var calls: [UInt64: Int] = [:]
    for (index, slice) in slices.enumerated() {
      let call = nextCall
      nextCall += 1
      calls[call] = index
      let request = Tenbin_SliceRequest.with {
        $0.call = call
        $0.slice = slice.identifier
        $0.step = UInt32(step)
        $0.work = work(slice)
      }
      endpoint.send(.sliceRequest(request), to: slice.peer)
      if let numbers {
        let subject = Tenbin_SliceStateSubject.with { $0.call = call }
        endpoint.send(Transfer(subject: .sliceState(subject), payload: numbers(slice)), to: slice.peer)
      }
    }
    return wait(for: calls, of: slices, wantsNumbers: wantsNumbers) ?? fail(run)
  }

  private func fail(_ run: Int) -> [Answer]? {
    lostRuns.insert(run)
    return nil
  }

  private func wait(for calls: [UInt64: Int], of slices: [SlicedRun.Slice], wantsNumbers: Bool) -> [Answer]? {
    var answers: [UInt64: Tenbin_SliceAnswer] = [:]
    var numbers: [UInt64: FloatBuffer] = [:]
    let began = ContinuousClock.now
    func isDone() -> Bool { answers.count == calls.count && (!wantsNumbers || numbers.count == calls.count) }
    var probed = began
    while !isDone() {
      guard slices.allSatisfy({ entries[$0.peer] != nil }) else { return nil }
      if ContinuousClock.now - probed > .milliseconds(250) {
        probed = .now
        for slice in slices {
          guard let heard = entries[slice.peer]?.lastHeard, .now - max(heard, began) < Self.patience else {
            lose(slice.peer, because: "it does not answer")
            return nil
          }
          // What was closed at the other end is only noticed where something is sent.
          endpoint.send(.heartbeatAnswer(Tenbin_HeartbeatAnswer()), to: slice.peer)
        }
      }
      guard let event = mailbox.receive(until: Date(timeIntervalSinceNow: 0.25)) else { continue }
      if case .wire(let wire) = event, let peer = wire.peer { hear(peer) }
      switch event {
      case .wire(.message(let message, let peer)) where entries[peer] != nil:
        guard case .sliceAnswer(let answer)? = message.body else {
          deferred.append(event)
          continue
        }
        guard calls[answer.call] != nil else { continue }
        guard answer.problem.isEmpty else {
          lose(peer, because: answer.problem.printable)
          return nil
        }
        answers[answer.call] = answer
      case .wire(.transfer(let transfer, _, let peer)) where entries[peer] != nil:
        guard case .sliceState(let subject) = transfer.subject, calls[subject.call] != nil,
          let floats = transfer.floats
        else { continue }
        numbers[subject.call] = FloatBuffer(floats)
      case .wire(.unreachable(let peer)) where entries[peer] != nil: lose(peer, because: "it cannot be reached")
      default: deferred.append(event)
      }
    }
    return calls.sorted { $0.value < $1.value }.compactMap { call, _ in
      answers[call].map { Answer(answer: $0, numbers: numbers[call]) }
    }
  }
}

// Reducers that come and go.
extension ReducerPool {
  func greet(_ hello: Tenbin_Hello, from peer: Peer) {
    entries[peer] = ReducerEntry(
      peer: peer, name: hello.name.printable, process: hello.process, host: hello.host.printable)
  }

  func admit(_ peer: Peer) {
    entries[peer]?.isAdmitted = true
    endpoint.admit(peer)
  }

  func hear(_ peer: Peer) { entries[peer]?.lastHeard = .now }

  /// It says where workers reach it; false where that is no address.
  func prepared(_ peer: Peer, _ offer: Tenbin_ReducerOffer) -> Bool {
    guard entries[peer] != nil, (try? Address(offer.endpoint)) != nil else { return false }
    entries[peer]?.offer = offer
    return true
  }

  /// What it has taken from workers.
  func count(_ receipt: Tenbin_SliceReceipt, from peer: Peer) {
    entries[peer]?.traffic.sent = Int(clamping: receipt.bytesSent)
    entries[peer]?.traffic.received = Int(clamping: receipt.bytesReceived)
  }

  /// It is gone, and its slices with it.
  func lose(_ peer: Peer, because reason: String) {
    guard let entry = entries.removeValue(forKey: peer) else { return }
    departures.append("the reducer \(entry.name) has left: \(reason)")
    lostRuns.formUnion(entry.slices.values.map(\.run))
    pastTraffic = pastTraffic + entry.traffic
    endpoint.forget(peer)
  }

  /// Lets those be noticed whose connection is closed at the other end: only sending shows it.
  func probe() {
    guard .now - lastProbe > .seconds(1) else { return }
    lastProbe = .now
    for peer in entries.keys { endpoint.send(.heartbeatAnswer(Tenbin_HeartbeatAnswer()), to: peer) }
  }

  /// The member has exchanged something with the reducer.
  func serve(_ member: Member, from peer: Peer) { entries[peer]?.served.insert(member) }

  /// A worker could not reach it, and no other one has: its slices go elsewhere. It may come back once.
  func complain(about peer: Peer) {
    guard let entry = entries[peer] else { return }
    complaints[entry.endpoint, default: 0] += 1
    lose(peer, because: "a worker could not reach it at \(entry.endpoint.printable)")
  }

  func isUnreachable(_ endpoint: String) -> Bool { complaints[endpoint, default: 0] > 1 }

  /// Those that were not heard of for too long.
  var silent: [ReducerEntry] { entries.values.filter { .now - $0.lastHeard > Self.patience } }
}
