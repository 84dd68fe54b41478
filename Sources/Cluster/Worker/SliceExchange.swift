internal import Foundation
internal import Optimization
internal import Scheduler
internal import Support
internal import SwiftProtobuf
internal import Transport

/// A worker's connections to the reducers that hold slices of parameters. Belongs to the thread that computes.
final class SliceExchange {
  private let settings: WorkerSettings
  private let emit: @Sendable (WorkerEvent, String) -> Void
  private var connections: [String: WorkerEndpoint] = [:]
  /// The latest slices of each run.
  private var locations: [Int: (generation: Int, slices: [Tenbin_Slice])] = [:]
  /// Parameters that were requested and are not complete.
  private var pending: [Int: Assembly] = [:]
  private var nextTransfer: UInt64 = 1

  private struct Assembly {
    let version: Int
    let floats: FloatBuffer
    var missing: Set<UInt64>
  }

  /// A reducer that is silent for this many seconds is lost.
  private static let patience = 10.0

  /// - Parameter emit: takes the events of reducers, with their addresses.
  init(settings: WorkerSettings, emit: @escaping @Sendable (WorkerEvent, String) -> Void) {
    (self.settings, self.emit) = (settings, emit)
  }

  /// The consequence of an event.
  enum News {
    case parameters(run: Int, version: Int, generation: Int, FloatBuffer)
    /// The slices of a run are lost, so that its leases cannot be done. `reducer` is the address of the reducer that cannot
    /// be reached; nil if a reducer no longer has the slice.
    case lost(run: Int, reducer: String?)
  }

  /// Takes note of a run's slices.
  func locate(_ slices: [Tenbin_Slice], run: Int, generation: Int) {
    guard locations[run]?.slices.map(\.identifier) != slices.map(\.identifier) else { return }
    locations[run] = (generation, slices)
    pending[run] = nil
  }

  /// Requests the parameters of a version, unless they were requested already.
  func ask(run: Int, version: Int) throws(WireError) {
    guard pending[run]?.version != version, let slices = locations[run]?.slices else { return }
    let count = slices.reduce(0) { $0 + Int(clamping: $1.elements) }
    pending[run] = Assembly(
      version: version, floats: FloatBuffer(repeating: 0, count: count), missing: Set(slices.map(\.identifier)))
    for slice in slices {
      try connection(to: slice.reducer).send(
        .parametersRequest(
          .with {
            $0.slice = slice.identifier
            $0.version = UInt32(version)
          }))
    }
  }

  /// Sends each reducer its slice of a gradient.
  func send(_ sum: GradientSum, lease: WorkerLease, to slices: [Tenbin_Slice]) {
    var start = 0
    for slice in slices {
      let end = min(sum.gradient.count, start + Int(clamping: slice.elements))
      let subject = Tenbin_SliceGradientSubject.with {
        $0.slice = slice.identifier
        $0.step = UInt32(lease.version)
        $0.lease = UInt64(lease.identifier)
        $0.firstUnit = UInt32(sum.range.lowerBound)
        $0.endUnit = UInt32(sum.range.upperBound)
        $0.lossSum = sum.lossSum
        $0.samples = UInt64(sum.samples)
      }
      let numbers = UnsafeBufferPointer(rebasing: sum.gradient.floats[start..<end])
      connections[slice.reducer.endpoint]?.send(
        Transfer(subject: .sliceGradient(subject), payload: Array(UnsafeRawBufferPointer(numbers))),
        identifier: nextTransfer)
      nextTransfer += 1
      start = end
    }
  }

  func handle(_ event: WorkerEvent, at address: String) -> [News] {
    switch event {
    case .transfer(let transfer): return take(transfer).map { [$0] } ?? []
    case .coordinatorLost, .failed: return lose(address)
    case .message(let message):
      switch message.body {
      case .welcome(let welcome)?:
        guard let bulk = try? Address(welcome.bulkEndpoint) else { return lose(address) }
        connections[address]?.connectBulk(to: bulk, sharesMemory: false)
        return []
      case .sliceMissing(let missing)?:
        guard
          let run = pending.first(where: {
            $0.value.version == Int(missing.version) && $0.value.missing.contains(missing.slice)
          })?.key
        else { return [] }
        pending[run] = nil
        return [.lost(run: run, reducer: nil)]
      case .refusal?, .goodbye?: return lose(address)
      default: return []
      }
    }
  }

  func close() {
    for connection in connections.values {
      connection.send(.goodbye(Tenbin_Goodbye()))
      connection.close()
    }
    connections = [:]
  }

  private func take(_ transfer: Transfer) -> News? {
    guard case .sliceParameters(let subject) = transfer.subject, let numbers = transfer.floats,
      let (run, assembly) = pending.first(where: {
        $0.value.version == Int(subject.version) && $0.value.missing.contains(subject.slice)
      }), let (generation, slices) = locations[run],
      let position = slices.firstIndex(where: { $0.identifier == subject.slice }),
      numbers.count == Int(clamping: slices[position].elements)
    else { return nil }
    let start = slices[..<position].reduce(0) { $0 + Int(clamping: $1.elements) }
    assembly.floats.copy(from: FloatBuffer(numbers), to: start)
    pending[run]?.missing.remove(subject.slice)
    guard pending[run]?.missing.isEmpty == true else { return nil }
    return .parameters(run: run, version: assembly.version, generation: generation, assembly.floats)
  }

  private func lose(_ address: String) -> [News] {
    guard let connection = connections.removeValue(forKey: address) else { return [] }
    connection.close()
    let runs = locations.filter { $0.value.slices.contains { $0.reducer.endpoint == address } }.keys
    for run in runs { pending[run] = nil }
    return runs.map { .lost(run: $0, reducer: address) }
  }

  private func connection(to reducer: Tenbin_ReducerOffer) throws(WireError) -> WorkerEndpoint {
    let address = reducer.endpoint
    if let known = connections[address] { return known }
    let server = PublicKey(bytes: Array(reducer.publicKey))
    let security = settings.security.flatMap { own in server.map { ClientSecurity(keys: own.keys, server: $0) } }
    let emit = emit
    let made = try WorkerEndpoint(
      connectingTo: try Address(address), security: security, silenceLimit: Self.patience
    ) { emit($0, address) }
    made.send(
      .hello(
        .with {
          $0.name = settings.name
          $0.process = UInt32(getpid())
          $0.host = settings.host
        }))
    connections[address] = made
    return made
  }
}
