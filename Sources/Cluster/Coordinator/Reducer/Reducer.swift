internal import Foundation
internal import Support
internal import SwiftProtobuf
package import Transport

/// Holds slices of runs' parameters, adds the gradients up that workers send for them, and updates them when its
/// coordinator says so: parameters and gradients of a large model then go between workers and reducers, and no link
/// carries all of them.
///
/// Everything happens on the thread that calls `run`; the sockets have threads of their own.
package final class Reducer {
  enum Event: Sendable {
    /// Somebody wants it to end.
    case leave
    case coordinator(WorkerEvent)
    case worker(CoordinatorEvent)
  }

  private let settings: ReducerSettings
  private let mailbox = Mailbox<Event>()
  let coordinator: WorkerEndpoint
  /// Where workers connect, once the coordinator has said who may.
  var server: CoordinatorEndpoint?
  var shelf = SliceShelf()
  /// Requests whose numbers have not come, and numbers whose request has not, by their call.
  var adoptions: [UInt64: Tenbin_SliceRequest] = [:]
  var numbers: [UInt64: FloatBuffer] = [:]
  var nextTransfer: UInt64 = 1
  var workers: [Peer: ContinuousClock.Instant] = [:]

  /// How long it waits for a goodbye when it wants to go: nothing is lost with it that is not kept elsewhere.
  private static let patienceWithGoodbye = Duration.seconds(2)
  private var leftAt: ContinuousClock.Instant?

  /// Workers that were not heard of for this long are forgotten.
  private static let patienceWithWorkers = Duration.seconds(60)

  /// Connects.
  package init(settings: ReducerSettings) throws(WireError) {
    guard !settings.listen.isWildcard else {
      throw .address(
        settings.listen.description,
        problem: "workers are told this address: expected the name or address at which they reach this host")
    }
    self.settings = settings
    let mailbox = mailbox
    coordinator = try WorkerEndpoint(
      connectingTo: settings.coordinator, security: settings.security, silenceLimit: settings.patience
    ) { mailbox.send(.coordinator($0)) }
  }

  /// Works until the coordinator says goodbye.
  ///
  /// - Throws: `ReducerError` when the coordinator refuses this reducer or is lost; `WireError` where it cannot listen.
  package func run() throws {
    defer {
      server?.close()
      coordinator.close()
    }
    coordinator.send(
      .hello(
        .with {
          $0.name = settings.name
          $0.process = UInt32(getpid())
          $0.host = settings.host
          $0.isReducer = true
        }))
    while true {
      let wait: TimeInterval = leftAt == nil ? 5 : 0.1
      if let event = mailbox.receive(until: Date(timeIntervalSinceNow: wait)), try handle(event) { return }
      let now = ContinuousClock.now
      if let leftAt, now - leftAt > Self.patienceWithGoodbye { return }
      for (peer, heard) in workers where now - heard > Self.patienceWithWorkers { forget(peer) }
    }
  }

  /// Lets it go, from any thread.
  package var leave: @Sendable () -> Void {
    let mailbox = mailbox
    return { mailbox.send(.leave) }
  }

  /// Returns whether that was goodbye.
  private func handle(_ event: Event) throws -> Bool {
    switch event {
    case .leave:
      coordinator.send(.leaving(Tenbin_Leaving()))
      leftAt = leftAt ?? .now
    case .worker(let event): try handle(event)
    case .coordinator(.transfer(let transfer)): take(transfer)
    case .coordinator(.coordinatorLost):
      throw ReducerError(
        "no word from the coordinator at \(settings.coordinator) for \(Int(settings.patience)) s; is it running?")
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
    let server: CoordinatorEndpoint
    do {
      server = try CoordinatorEndpoint(listeningAt: settings.listen, security: security) { mailbox.send(.worker($0)) }
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

/// What a reducer is, and whom it works for.
package struct ReducerSettings: Sendable {
  package var name: String
  /// Where the coordinator listens.
  package var coordinator: Address
  /// Where workers connect.
  package var listen: Address
  package var security: ClientSecurity?
  /// Where it runs, as its system names itself.
  package var host: String
  /// Seconds that the coordinator may be silent.
  package var patience: Double
  /// Told what a person may want to know.
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

/// Why a reducer cannot go on.
package struct ReducerError: Error, CustomStringConvertible {
  package let description: String
  /// It may come back as a new incarnation.
  package let mayReturn: Bool

  init(_ description: String, mayReturn: Bool = false) {
    (self.description, self.mayReturn) = (description, mayReturn)
  }
}
