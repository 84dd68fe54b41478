import Foundation
import SwiftProtobuf
import Testing
import Transport
import TransportTestSupport

@Suite(.timeLimit(.minutes(45)), .serialized) struct HostilePeerTests {
  @Test("Hostile peers change neither an audit's bits nor its course; every refusal is counted and shown")
  func hostilePeers() throws {
    let study = try TinyStudy()
    // Long enough to be attacked for a while.
    try study.write(replacing: "epochs: 2", with: "epochs: 6", to: "audit.yaml")
    let whole = try Program.run(
      "audit", study.path("audit.yaml"), "--workers", "1", "--output", study.path("expected"))
    #expect(whole.exitCode == 0, "\(whole.errors)")
    let audit = try WatchedAudit(
      ["coordinator", study.path("audit.yaml"), "--listen", "tcp://127.0.0.1:*", "--output", study.path("a")])
    let address = audit.word(startingWith: "tcp://127.0.0.1:")
    var deeds = 0
    var refusals: [String: Int] = [:]
    var workers: [Program] = []
    for seed in 0..<40 where audit.program.isRunning && deeds < 200 {
      // Nothing ends before there are workers; then it is attacked while they work.
      if seed == 6 { workers = try (0..<2).map { _ in try Program(["worker", "--connect", address]) } }
      var peer = HostilePeer(control: address, seed: UInt64(seed))
      try peer.attack(rounds: 5)
      deeds += peer.deeds.values.reduce(0, +)
      peer.leave()
      guard workers.isEmpty else { continue }
      refusals = try status(study)["refusals"] as? [String: Int] ?? [:]
    }
    #expect(deeds >= 20, "\(deeds)")
    #expect(refusals.values.reduce(0, +) >= 10, "\(refusals)")
    let outcome = audit.finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for worker in workers { #expect(worker.wait().exitCode == 0) }
    #expect(try study.read("a/results.json") == study.read("expected/results.json"))
  }

  @Test("A worker that delivers gradients of another shape, of no number, or what it was not lent is put aside")
  func lyingWorkers() throws {
    let study = try TinyStudy()
    let whole = try Program.run(
      "audit", study.path("audit.yaml"), "--workers", "1", "--output", study.path("expected"))
    #expect(whole.exitCode == 0, "\(whole.errors)")
    let coordinator = try WatchedAudit(
      ["coordinator", study.path("audit.yaml"), "--listen", "tcp://127.0.0.1:*", "--output", study.path("a")])
    let address = coordinator.word(startingWith: "tcp://127.0.0.1:")
    for lie in LyingWorker.Lie.allCases {
      let reason = try LyingWorker(address: address).lie(lie)
      #expect(reason.contains(lie.expected), "\(lie): \(reason)")
    }
    let worker = try Program(["worker", "--connect", address])
    let outcome = coordinator.finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(worker.wait().exitCode == 0)
    #expect(try study.read("a/results.json") == study.read("expected/results.json"))
  }

  private func status(_ study: TinyStudy) throws -> [String: Any] {
    let asked = try Program.run("status", study.path("a"), "--json")
    #expect(asked.exitCode == 0, "\(asked.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(asked.output.utf8)) as? [String: Any])
  }
}

/// A worker that is let in, takes a lease, and then lies about it.
private final class LyingWorker {
  enum Lie: CaseIterable {
    case otherShape, endlessGradient, strangersLease, noParts, otherTransfer

    var expected: String {
      switch self {
      case .strangersLease: "it failed at lease"
      case .otherTransfer: "transfer"
      default: "does not fit"
      }
    }
  }

  private let mailbox = Mailbox<WorkerEvent>()
  private let endpoint: WorkerEndpoint

  init(address: String) throws {
    let mailbox = mailbox
    endpoint = try WorkerEndpoint(connectingTo: Address(address), silenceLimit: 30) { mailbox.send($0) }
  }

  /// Returns why the coordinator put it aside.
  func lie(_ lie: Lie) throws -> String {
    defer { endpoint.close() }
    endpoint.send(.hello(.with { $0.name = "liar" }))
    while let event = mailbox.receive(until: Date(timeIntervalSinceNow: 30)) {
      if case .transfer(let transfer) = event, case .catalogue = transfer.subject {
        endpoint.send(.prepared(Tenbin_Prepared()))
      }
      guard case .message(let message) = event else { continue }
      switch message.body {
      case .welcome(let welcome)?: endpoint.connectBulk(to: try Address(welcome.bulkEndpoint), sharesMemory: false)
      case .lease(let lease)?: deliver(lie, lease: lease)
      case .refusal(let refusal)?: return refusal.reason
      default: break
      }
    }
    return "nothing was said"
  }

  private func deliver(_ lie: Lie, lease: Tenbin_LeaseGrant) {
    let subject = Tenbin_DeliverySubject.with { $0.lease = lease.identifier }
    func deliver(_ floats: [Float]) {
      endpoint.send(Transfer(subject: .delivery(subject), floats: floats), identifier: 1)
      endpoint.send(
        .delivery(
          .with {
            $0.lease = lease.identifier
            $0.isLast = true
            $0.parts = [
              .with {
                $0.state = .with { $0.step = 1 }
                $0.transfer = 1
              }
            ]
          }))
    }
    switch lie {
    case .otherShape: deliver([1, 2, 3])
    case .endlessGradient: deliver([.nan, .infinity, 0])
    case .noParts: endpoint.send(.delivery(.with { $0.lease = lease.identifier }))
    case .strangersLease: endpoint.send(.failure(.with { $0.lease = lease.identifier + 1_000 }))
    case .otherTransfer:
      endpoint.send(
        Transfer(subject: .delivery(subject), floats: [Float](repeating: 0, count: 4 << 20)), identifier: 1)
    }
  }
}
