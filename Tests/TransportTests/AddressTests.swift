import Foundation
import TestSupport
import Testing
import Transport

@Suite(.timeLimit(.minutes(45))) struct AddressTests {
  @Test(
    "ipc paths and tcp hosts and ports are addresses",
    arguments: [
      "ipc:///tmp/a", "tcp://127.0.0.1:5555", "tcp://localhost:*", "tcp://127.0.0.1:0", "tcp://*:5555",
      "tcp://0.0.0.0:5555", "tcp://10.1.2.3:5555", "tcp://gpu-3.example.org:5555", "tcp://[::1]:5555",
      "tcp://[fe80::1%eth0]:1",
    ])
  func good(text: String) { #expect(throws: Never.self) { try Address(text) } }

  @Test(
    "Anything else is an error that says what was expected",
    arguments: [
      "", "udp://x", "tcp://127.0.0.1", "ipc://relative", "tcp://127.0.0.1:70000", "tcp://127.0.0.1:-1", "tcp://:5",
      "tcp://a b:5", "tcp://a;b:5", "tcp://::1:5", "tcp://-x:5", "tcp://127.0.0.1:+5",
      "ipc:///" + String(repeating: "x", count: 110),
    ])
  func bad(text: String) { #expect(throws: WireError.self) { try Address(text) } }

  @Test("Only ipc and loopback are on this host")
  func thisHost() throws {
    for text in ["ipc:///tmp/a", "tcp://127.0.0.1:1", "tcp://127.8.0.1:1", "tcp://localhost:1", "tcp://[::1]:1"] {
      #expect(try Address(text).isOnThisHost)
    }
    for text in ["tcp://*:1", "tcp://10.0.0.1:1", "tcp://127.0.0.1.example.org:1", "tcp://[::]:1", "tcp://128.0.0.1:1"]
    { #expect(try !Address(text).isOnThisHost) }
  }

  @Test("A bulk endpoint on every interface is reached at the host of the control socket")
  func wildcard() throws {
    let control = try Address("tcp://gpu-3:5555")
    #expect(try Address("tcp://0.0.0.0:6000").reached(like: control).description == "tcp://gpu-3:6000")
    #expect(try Address("tcp://[::]:6000").reached(like: control).description == "tcp://gpu-3:6000")
    #expect(try Address("tcp://10.0.0.1:6000").reached(like: control).description == "tcp://10.0.0.1:6000")
  }

  @Test("Nothing is bound or connected beyond this host without keys, and the error names the command that makes them")
  func withoutKeys() throws {
    let error = WireError.withoutKeys("tcp://*:0")
    #expect(throws: error) { try CoordinatorEndpoint(listeningAt: Address("tcp://*:0")) { _ in } }
    #expect(error.description.contains("tenbin keys"))
    let far = try Address("tcp://192.0.2.1:5555")
    #expect(throws: WireError.withoutKeys(far.description)) {
      try WorkerEndpoint(connectingTo: far, silenceLimit: 1) { _ in }
    }
    #expect(throws: WireError.withoutKeys(far.description)) {
      try AdministrationClient(address: far).ask(.status(.init()), timeout: 1)
    }
  }

  @Test("A coordinator on this host cannot send a worker without keys elsewhere")
  func bulkElsewhere() throws {
    let coordinator = try TestCoordinator()
    let worker = try TestWorker(coordinator.endpoint.control, name: "one")
    let far = try Address("tcp://192.0.2.1:5555")
    worker.endpoint.connectBulk(to: far, sharesMemory: false)
    #expect(try worker.nextFailure() == .withoutKeys(far.description))
  }

  @Test("An address that is in use is an error that says so", arguments: ["ipc", "tcp"])
  func addressInUse(transport: String) throws {
    let folder = try TemporaryFolder()
    let first = try TestCoordinator(transport == "ipc" ? "ipc://\(folder.path)/c" : "tcp://127.0.0.1:*")
    #expect(throws: WireError.addressInUse(first.endpoint.control)) {
      try CoordinatorEndpoint(listeningAt: Address(first.endpoint.control)) { _ in }
    }
  }

  @Test("An address is free again when its coordinator has closed, and workers of the old one reach the new one")
  func rebinding() throws {
    let folder = try TemporaryFolder()
    let address = "ipc://\(folder.path)/c"
    let first = try TestCoordinator(address)
    let (worker, _) = try joined(first)
    first.endpoint.close()
    let second = try TestCoordinator(address)
    // The endpoint notices that what was on its way is lost.
    let refusal = try worker.next { event -> Tenbin_Refusal? in
      guard case .message(let message) = event, case .refusal(let refusal)? = message.body else { return nil }
      return refusal
    }
    #expect(refusal.mayReturn)
    _ = try joined(second, name: "again")
  }
}
