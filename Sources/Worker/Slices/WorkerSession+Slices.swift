internal import Cluster
internal import Wire

// Leases of runs whose parameters lie in slices.
extension WorkerSession {
  /// Learns where a run's slices lie.
  func place(_ slices: [Tenbin_Slice], run: Int) {
    guard exchange.place(slices, run: run) else { return }
    // Slices that were lost are restored from an earlier step: what is known of the run may be of steps to come.
    for dropped in queue.restart(run: run) { end(dropped) }
    parameters[run] = nil
    loaded = loaded.filter { $0.value.run != run }
  }

  func askForParameters(of lease: WorkerLease) {
    if parameters[lease.run]?.version == lease.version { return }
    do {
      try exchange.ask(run: lease.run, version: lease.version)
    } catch {
      settings.notice("a reducer cannot be reached: \(error)")
      handle([.lost(run: lease.run)])
    }
  }

  func handle(_ news: [SliceExchange.News]) {
    for item in news {
      switch item {
      case .parameters(let run, let version, let floats):
        guard queue.haveParameters(of: run, version: version) else { continue }
        parameters[run] = (version, floats)
        releaseDropped()
      case .lost(let run): for lease in queue.dropUnits(of: run) { endStale(lease) }
      }
    }
  }
}
