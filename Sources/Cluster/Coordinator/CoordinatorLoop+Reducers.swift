internal import Foundation
internal import Ledger
internal import Optimization
internal import Planning
internal import Scheduler
internal import SwiftProtobuf
internal import Transport

// Reducers, and the runs whose parameters lie in slices with them.
extension CoordinatorLoop {
  /// The reducers that are ready, in the order of their names.
  package var reducers: [ConnectedReducer] { pool.ready }

  /// Whether reducers should hold the parameters of a run that is about to be shared.
  func mayBeSliced(_ state: TrainingState) -> Bool {
    !pool.entries.isEmpty && state.parameters.count >= settings.smallestSliced
      && !workers.ready.allSatisfy(\.sharesMemory)
  }

  func greetReducer(_ hello: Tenbin_Hello, from peer: Peer) {
    pool.greet(hello, from: peer)
    var welcome = Tenbin_Welcome()
    welcome.bulkEndpoint = connections.bulk
    welcome.workerKeys = (settings.security?.allowed ?? []).filter { $0.role == .worker }.map {
      Data($0.publicKey.bytes)
    }
    connections.send(.welcome(welcome), to: peer)
  }

  /// Takes what a reducer says.
  func handle(_ event: CoordinatorEvent, ofReducer peer: Peer) throws {
    guard pool.entries[peer] != nil else { return }
    pool.hear(peer)
    switch event {
    case .ready:
      pool.admit(peer)
      welcome(peer)
    case .unreachable: pool.lose(peer, because: "it cannot be reached")
    case .malformed(let reason, _): pool.lose(peer, because: reason)
    case .message(let message, _):
      switch message.body {
      case .prepared(let prepared)?:
        if pool.isUnreachable(prepared.reducer.endpoint) {
          let reason = "workers could not reach it at \(prepared.reducer.endpoint.printable)"
          connections.send(.refusal(.with { $0.reason = reason }), to: peer)
          pool.lose(peer, because: reason)
          break
        }
        guard pool.prepared(peer, prepared.reducer) else {
          pool.lose(peer, because: "it does not say where workers reach it")
          break
        }
        welcome(peer)
      case .sliceReceipt(let receipt)?:
        try take(receipt, from: peer)
      case .sliceAnswer(let answer)?: pool.take(answer, from: peer)
      case .leaving?:
        connections.send(.goodbye(.with { $0.reason = "it wants to go" }), to: peer)
        pool.lose(peer, because: "it wants to go")
      case .goodbye(let goodbye)?: pool.lose(peer, because: goodbye.reason.printable)
      default: break
      }
    case .transfer(let transfer, _, _): pool.take(transfer, from: peer)
    case .request, .failed: break
    }
    try takeOutcomes()
  }

  /// Handles the outcomes of requests to reducers.
  private func takeOutcomes() throws {
    for outcome in pool.takeOutcomes() {
      switch outcome {
      case .adopted(let run, true): try handle(.placed(run: run, .reducers))
      case .adopted(let run, false): try placeHere(run)
      case .answered(let run, let answer): try handle(.reducers(run: run, answer))
      }
    }
  }

  /// A worker cannot reach a reducer. Where other workers can, the worker is quarantined; otherwise the reducer is
  /// lost.
  ///
  /// - Returns: whether the worker was quarantined.
  func isQuarantined(_ worker: ConnectedWorker, for endpoint: String) throws -> Bool {
    guard let reducer = pool.ready.first(where: { $0.endpoint == endpoint }) else { return false }
    let problem = "cannot reach the reducer \(reducer.name) at \(endpoint.printable)"
    guard reducer.served.contains(where: { $0 != worker.identifier }) else {
      delegate?.notice("\(worker.name) \(problem)")
      pool.complain(about: reducer.peer)
      return false
    }
    try refuse(worker.peer, because: "it \(problem), though others can")
    return true
  }

  /// The reducer takes part from now on.
  private func welcome(_ peer: Peer) {
    guard let reducer = pool.entries[peer], reducer.isReady else { return }
    delegate?.notice("\(reducer.name) can hold slices of parameters for workers at \(reducer.endpoint.printable)")
  }

  /// A reducer has received a gradient: the delivery that waits for its report may be complete.
  private func take(_ receipt: Tenbin_SliceReceipt, from reducer: Peer) throws {
    let lease = Int(clamping: receipt.lease)
    let worker = audit.lease(lease)?.worker
    pool.count(receipt, from: reducer, of: worker)
    guard worker != nil else { return }
    sliced.insert(receipt)
    guard let (whole, peer) = sliced.delivery(of: lease) else { return }
    try take(whole, from: peer)
  }

  /// Runs that have lost slices resume from the state that was saved last.
  ///
  /// - Parameter afterSilence: whether everything that came has been read, so that silence is silence.
  func replaceLostSlices(afterSilence: Bool) throws {
    pool.probe()
    if afterSilence { pool.loseSilent() }
    for departure in pool.takeDepartures() { delegate?.notice(departure) }
    try takeOutcomes()
    let lost = pool.takeLostRuns()
    guard !lost.isEmpty else { return }
    try recorder.flush()
    try settings.states.flush()
    for run in lost.sorted() {
      workers.forgetVersions(of: run)
      payloads[run] = nil
      try handle(.lostReducers(run: run, saved: settings.states.load(run: name(ofRun: run))))
    }
  }
}
