import Testing
import Transport

@Suite struct PeerTableTests {
  private func peer(_ number: Int) -> Peer {
    Peer(routingIdentifier: withUnsafeBytes(of: number) { Array($0) })
  }

  @Test("A hello is accepted once, and no message before it")
  func hello() {
    var table = PeerTable()
    #expect(table.judge(.other, from: peer(1), user: nil, second: 0) == .invite(.beforeHello))
    #expect(table.judge(.other, from: peer(1), user: nil, second: 0) == .drop(.beforeHello))
    #expect(table.judge(.goodbye, from: peer(2), user: nil, second: 0) == .drop(.beforeHello))
    #expect(table.judge(.hello, from: peer(1), user: nil, second: 0) == .take)
    #expect(table.judge(.other, from: peer(1), user: nil, second: 0) == .take)
    #expect(table.judge(.hello, from: peer(1), user: nil, second: 0) == .drop(.helloTwice, report: true))
  }

  @Test("Hellos of ever new peers do not make the table grow, and peers that wait for an answer stay")
  func flood() {
    var table = PeerTable()
    for number in 0..<WireLimits.unknownPeers {
      #expect(table.judge(.hello, from: peer(number), user: nil, second: 0) == .take)
    }
    for number in 1_000..<20_000 {
      #expect(table.judge(.hello, from: peer(number), user: nil, second: 0) == .invite(.tooManyUnknownPeers))
    }
    #expect(table.count == WireLimits.unknownPeers)
    // One answer makes room for one.
    table.answered(peer(5), withRefusal: false)
    #expect(table.judge(.hello, from: peer(20_000), user: nil, second: 0) == .take)
    #expect(table[peer(5)] == nil && table[peer(6)] != nil)
    #expect(table.judge(.hello, from: peer(20_001), user: nil, second: 0) == .invite(.tooManyUnknownPeers))
    #expect(table.count == WireLimits.unknownPeers)
  }

  @Test("Admitted peers stay in the table, and a peer that was removed cannot be admitted")
  func admitted() {
    var table = PeerTable()
    _ = table.judge(.hello, from: peer(0), user: nil, second: 0)
    let isAdmitted = table.admit(peer(0))
    #expect(isAdmitted)
    for number in 1..<1_000 { _ = table.malformed(peer(number), user: nil, because: .unreadableMessage) }
    #expect(table[peer(0)]?.standing == .admitted)
    #expect(table.count == WireLimits.unknownPeers + 1)
    let wasThere = table.admit(peer(1))
    #expect(!wasThere)
  }

  @Test("After a number of malformed frames a peer is refused, told so once, and ignored")
  func malformed() {
    var table = PeerTable()
    _ = table.judge(.hello, from: peer(1), user: nil, second: 0)
    _ = table.admit(peer(1))
    for _ in 1..<WireLimits.malformed {
      #expect(
        table.malformed(peer(1), user: nil, because: .badChunk) == .drop(.badChunk, tell: false, report: true))
    }
    #expect(table.malformed(peer(1), user: nil, because: .badChunk) == .drop(.badChunk, tell: true, report: true))
    #expect(table.malformed(peer(1), user: nil, because: .badChunk) == .drop(.afterRefusal))
    #expect(table.judge(.other, from: peer(1), user: nil, second: 9) == .drop(.afterRefusal))
    #expect(table.judgeChunk(from: peer(1), user: nil) == .drop(.afterRefusal))
    table.forget(peer(1))
    #expect(table.count == 0)
  }

  @Test("Messages above the rate are dropped until the next second")
  func rate() {
    var table = PeerTable()
    _ = table.judge(.hello, from: peer(1), user: nil, second: 0)
    var taken = 0
    for _ in 0..<100_000 where table.judge(.other, from: peer(1), user: nil, second: 0) == .take { taken += 1 }
    #expect(taken < 1_000)
    #expect(table.judge(.other, from: peer(1), user: nil, second: 0) == .drop(.tooManyMessages))
    #expect(table.judge(.other, from: peer(1), user: nil, second: 1) == .take)
  }

  @Test("A name belongs to the first key that used it")
  func otherKey() {
    var table = PeerTable()
    _ = table.judge(.hello, from: peer(1), user: "worker a", second: 0)
    _ = table.admit(peer(1))
    #expect(table.judge(.other, from: peer(1), user: "worker b", second: 0) == .drop(.otherKey))
    #expect(table.malformed(peer(1), user: "worker b", because: .badChunk) == .drop(.otherKey))
    #expect(table.judgeReady(from: peer(1), user: nil) == .drop(.otherKey))
    #expect(table.judgeChunk(from: peer(1), user: "worker b") == .drop(.otherKey))
    #expect(table.judgeReady(from: peer(1), user: "worker a") == .take)
    #expect(table.judgeChunk(from: peer(1), user: "worker a") == .take)
  }

  @Test("Chunks of peers without a hello make no entry")
  func chunkOfNobody() {
    var table = PeerTable()
    #expect(table.judgeChunk(from: peer(1), user: nil) == .drop(.notAdmitted))
    #expect(table.judgeReady(from: peer(1), user: nil) == .drop(.beforeHello))
    #expect(table.count == 0)
  }
}
