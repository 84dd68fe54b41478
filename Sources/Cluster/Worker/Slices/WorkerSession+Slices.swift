internal import Logging
internal import Scheduler
internal import Transport

// Leases of runs whose parameters lie in slices, or did.
extension WorkerSession {
  /// Learns where the parameters of a lease lie, and asks for them.
  func take(_ granted: WorkerQueue.Granted, of lease: WorkerLease, slices: [Tenbin_Slice]) {
    for dropped in granted.dropped { end(dropped) }
    if granted.isRestarted {
      // What is known of the run may be of steps to come.
      parameters[lease.run] = nil
      loaded = loaded.filter { $0.value.run != lease.run }
    }
    guard granted.isTaken, !slices.isEmpty else { return }
    exchange.place(slices, run: lease.run, generation: lease.generation)
    if parameters[lease.run]?.version == lease.version { return }
    do {
      try exchange.ask(run: lease.run, version: lease.version)
    } catch {
      settings.logger.warning("a reducer cannot be reached: \(error)")
      handle([.lost(run: lease.run, reducer: slices.first?.reducer.endpoint)])
    }
  }

  func handle(_ news: [SliceExchange.News]) {
    for item in news {
      switch item {
      case .parameters(let run, let version, let generation, let floats):
        guard queue.haveParameters(of: run, version: version, generation: generation) else { continue }
        parameters[run] = (version, floats)
        releaseDropped()
      case .lost(let run, let reducer):
        if let reducer {
          settings.logger.warning(
            "the reducer at \(reducer) cannot be reached", metadata: metadata(of: run))
        }
        for lease in queue.dropUnits(of: run) { endStale(lease, unreachable: reducer) }
      }
    }
  }
}
