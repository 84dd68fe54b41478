internal import Foundation
internal import Ledger
internal import Optimization
internal import Planning
internal import Scheduler
internal import SwiftProtobuf
internal import Transport

// Reducers, and the runs whose parameters lie in slices with them.
extension RunConductor {
  /// Those that are ready, in the order of their names.
  package var reducers: [ReducerEntry] {
    pool.ready
  }

  /// Slices for a run that is about to be shared; nil where its numbers are better kept here.
  func slices(run: Int, state: TrainingState, optimizer: OptimizerSettings) -> SlicedRun? {
    guard !pool.entries.isEmpty, state.parameters.count >= settings.smallestSliced,
      !members.ready.allSatisfy(\.sharesMemory)
    else {
      return nil
    }
    return pool.slices(run: run, state: state, weightDecay: optimizer.weightDecay)
  }

  func greetReducer(_ hello: Tenbin_Hello, from peer: Peer) {
    pool.greet(hello, from: peer)
    var welcome = Tenbin_Welcome()
    welcome.bulkEndpoint = endpoint.bulk
    welcome.workerKeys = (settings.security?.allowed ?? []).filter { $0.role == .worker }.map {
      Data($0.publicKey.bytes)
    }
    endpoint.send(.welcome(welcome), to: peer)
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
          endpoint.send(.refusal(.with { $0.reason = reason }), to: peer)
          return pool.lose(peer, because: reason)
        }
        guard pool.prepared(peer, prepared.reducer) else {
          return pool.lose(peer, because: "it does not say where workers reach it")
        }
        welcome(peer)
      case .sliceReceipt(let receipt)?:
        pool.count(receipt, from: peer)
        try take(receipt, from: peer)
      case .leaving?:
        endpoint.send(.goodbye(.with { $0.reason = "it wants to go" }), to: peer)
        pool.lose(peer, because: "it wants to go")
      case .goodbye(let goodbye)?: pool.lose(peer, because: goodbye.reason.printable)
      default: break
      }
    case .transfer, .request, .failed: break
    }
  }

  /// A worker cannot reach a reducer. Where others can, the worker is put aside; else the reducer goes.
  ///
  /// - Returns: whether it was the worker.
  func isPutAside(_ entry: MemberEntry, for endpoint: String) throws -> Bool {
    guard let reducer = pool.ready.first(where: { $0.endpoint == endpoint }) else { return false }
    let problem = "cannot reach the reducer \(reducer.name) at \(endpoint.printable)"
    guard reducer.served.contains(where: { $0 != entry.member }) else {
      delegate?.notice("\(entry.name) \(problem)")
      pool.complain(about: reducer.peer)
      return false
    }
    try refuse(entry.peer, because: "it \(problem), though others can")
    return true
  }

  /// It takes part from now on.
  private func welcome(_ peer: Peer) {
    guard let entry = pool.entries[peer], entry.isReady else { return }
    delegate?.notice("\(entry.name) can hold slices of parameters for workers at \(entry.endpoint.printable)")
  }

  /// A gradient has come to a reducer: the delivery that waited for it may be whole.
  private func take(_ receipt: Tenbin_SliceReceipt, from reducer: Peer) throws {
    let lease = Int(clamping: receipt.lease)
    guard let member = audit.cluster.lease(lease)?.member else { return }
    pool.serve(member, from: reducer)
    sliced.insert(receipt)
    guard let (whole, peer) = sliced.delivery(of: lease) else { return }
    try take(whole, from: peer)
  }

  /// Runs that have lost slices go on from their last state.
  ///
  /// - Parameter afterSilence: whether everything that came has been read, so that silence is silence.
  func replaceLostSlices(afterSilence: Bool) throws {
    pool.probe()
    for entry in afterSilence ? pool.silent : [] { pool.lose(entry.peer, because: "it was not heard of for long") }
    for departure in pool.takeDepartures() { delegate?.notice(departure) }
    let lost = pool.takeLostRuns()
    guard !lost.isEmpty else { return }
    try recorder.flush()
    try settings.states.flush()
    for run in lost.sorted() {
      members.forgetVersions(of: run)
      payloads[run] = nil
      let kept = settings.states.load(run: audit.work.runs[run].identifier.description)
      try change { try $0.loseSlices(of: run, kept: kept, at: $1) }
    }
  }
}
