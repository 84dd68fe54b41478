import Foundation
import SwiftProtobuf
import TestSupport
import Testing
import Wire

@Suite struct WireTests {
  @Test("Only ipc and loopback tcp addresses are accepted")
  func addresses() throws {
    for good in ["ipc:///tmp/a", "tcp://127.0.0.1:5555", "tcp://localhost:*", "tcp://127.0.0.1:0"] {
      #expect(throws: Never.self) { try Address(good) }
    }
    for bad in [
      "", "udp://x", "tcp://127.0.0.1", "tcp://0.0.0.0:5555", "tcp://10.1.2.3:5555", "tcp://*:5555", "ipc://relative",
      "tcp://127.0.0.1:70000", "ipc:///" + String(repeating: "x", count: 110),
    ] {
      #expect(throws: WireError.self) { try Address(bad) }
    }
  }

  @Test("Messages and transfers larger than a chunk arrive whole over real sockets", arguments: ["ipc", "tcp"])
  func roundTrip(transport: String) throws {
    let folder = try TemporaryFolder()
    let address = try Address(transport == "ipc" ? "ipc://\(folder.path)/c" : "tcp://127.0.0.1:*")
    let atCoordinator = Mailbox<CoordinatorEvent>()
    let coordinator = try CoordinatorEndpoint(listeningAt: address) { atCoordinator.send($0) }
    let atWorker = Mailbox<WorkerEvent>()
    let worker = try WorkerEndpoint(connectingTo: Address(coordinator.control), silenceLimit: 60) { atWorker.send($0) }
    defer {
      worker.close()
      coordinator.close()
    }
    worker.send(.hello(.with { $0.name = "one" }))
    let limit = Date(timeIntervalSinceNow: 30)
    guard case .message(let hello, let peer)? = atCoordinator.receive(until: limit) else {
      Issue.record("no hello came")
      return
    }
    #expect(hello.hello.name == "one")
    coordinator.send(.welcome(.with { $0.bulkEndpoint = coordinator.bulk }), to: peer)
    guard case .message(let welcome)? = atWorker.receive(until: limit) else {
      Issue.record("no welcome came")
      return
    }
    worker.connectBulk(to: try Address(welcome.welcome.bulkEndpoint))
    let floats = (0..<500_000).map { Float($0) }
    worker.send(Transfer(subject: .gradient(.with { $0.lease = 7 }), floats: floats), identifier: 3)
    var isReady = false
    var returned = false
    while !returned, let event = atCoordinator.receive(until: limit) {
      switch event {
      case .ready: isReady = true
      case .transfer(let transfer, let identifier, let from):
        #expect(isReady && identifier == 3 && from == peer)
        #expect(transfer.floats == floats)
        coordinator.send(Transfer(subject: .parameters(.with { $0.version = 9 }), floats: floats), to: peer)
        returned = true
      default: continue
      }
    }
    while let event = atWorker.receive(until: limit) {
      guard case .transfer(let transfer) = event else { continue }
      #expect(transfer.floats == floats)
      return
    }
    Issue.record("no transfer came back")
  }

  @Test("An address that is in use is an error that says so")
  func addressInUse() throws {
    let first = try CoordinatorEndpoint(listeningAt: Address("tcp://127.0.0.1:*")) { _ in }
    defer { first.close() }
    #expect(throws: WireError.addressInUse(first.control)) {
      try CoordinatorEndpoint(listeningAt: Address(first.control)) { _ in }
    }
  }

  @Test("A peer that has gone is reported as unreachable")
  func unreachable() throws {
    let events = Mailbox<CoordinatorEvent>()
    let coordinator = try CoordinatorEndpoint(listeningAt: Address("tcp://127.0.0.1:*")) { events.send($0) }
    defer { coordinator.close() }
    let worker = try WorkerEndpoint(connectingTo: Address(coordinator.control), silenceLimit: 60) { _ in }
    worker.send(.hello(Tenbin_Hello()))
    let limit = Date(timeIntervalSinceNow: 30)
    guard case .message(_, let peer)? = events.receive(until: limit) else {
      Issue.record("no hello came")
      return
    }
    worker.close()
    while Date() < limit {
      coordinator.send(.goodbye(Tenbin_Goodbye()), to: peer)
      if case .unreachable(peer)? = events.receive(until: Date(timeIntervalSinceNow: 0.05)) { return }
    }
    Issue.record("nobody noticed that the peer had gone")
  }
}
