import SwiftProtobuf
import Testing
import Transport
import TransportTestSupport

@Suite struct FlowTests {
  private func take(
    _ flow: inout InboundFlow, _ payload: [UInt8] = [], _ change: (inout Tenbin_ChunkHeader) -> Void
  ) throws(ChunkError) -> Transfer? {
    var header = Tenbin_ChunkHeader()
    header.delivery.lease = 1
    header.totalBytes = UInt64(payload.count)
    change(&header)
    let pointer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, payload.count), alignment: 1)
    defer { pointer.deallocate() }
    pointer.copyBytes(from: payload)
    let bytes = UnsafeRawBufferPointer(rebasing: pointer[..<payload.count])
    return try flow.take(header: header, payload: bytes, frameBytes: payload.count + 10)?.transfer
  }

  @Test("Transfers arrive complete and in order, and never exceed the window", arguments: 0..<20)
  func roundTrip(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    var outbound = OutboundFlow()
    var inbound = InboundFlow(budget: nil)
    let sent = (0..<6).map { number in
      let count =
        [0, 1, WireLimits.chunk, WireLimits.chunk + 1, Int(random.next() % 12_000_000)]
        .randomElement(using: &random) ?? 0
      let payload = [UInt8](repeating: UInt8(number), count: count)
      return Transfer(subject: .delivery(.with { $0.lease = UInt64(number) }), payload: payload)
    }
    for (number, transfer) in sent.enumerated() { outbound.add(transfer, identifier: UInt64(number)) }
    var received: [Transfer] = []
    // Credits that are on their way back.
    var credits: [Int] = []
    while received.count < sent.count {
      if let chunk = outbound.next(), credits.isEmpty || random.next() % 4 > 0 {
        outbound.sent(chunk)
        #expect(outbound.unacknowledged <= WireLimits.window)
        let header = try Tenbin_ChunkHeader(serializedBytes: chunk.header)
        let whole = try chunk.payload.withUnsafeBytes { bytes in
          try inbound.take(header: header, payload: bytes, frameBytes: chunk.bytes)
        }
        if let whole { received.append(whole.transfer) }
        let credit = inbound.acknowledgement()
        if credit > 0 { credits.append(credit) }
      } else {
        try #require(!credits.isEmpty)
        let isPossible = outbound.acknowledge(UInt64(credits.removeFirst()))
        #expect(isPossible)
      }
    }
    for (one, other) in zip(sent, received) { #expect(one.subject == other.subject && one.payload == other.payload) }
  }

  @Test("A credit for more than was sent is not possible")
  func freeCredit() {
    var outbound = OutboundFlow()
    outbound.add(Transfer(subject: .catalogue(.init()), payload: [1, 2, 3]), identifier: 1)
    let before = outbound.acknowledge(1)
    #expect(!before)
    if let chunk = outbound.next() { outbound.sent(chunk) }
    let unacknowledged = UInt64(outbound.unacknowledged)
    let tooMuch = outbound.acknowledge(unacknowledged + 1)
    let enormous = outbound.acknowledge(.max)
    let right = outbound.acknowledge(unacknowledged)
    #expect(!tooMuch && !enormous && right)
  }

  @Test("Only the expected number of bytes is accepted")
  func budget() throws {
    var flow = InboundFlow(budget: 0)
    #expect(throws: ChunkError.overBudget(bytes: 1, left: 0)) { try take(&flow, [1]) { _ in } }
    flow.expect(bytes: 3)
    #expect(throws: ChunkError.overBudget(bytes: 4, left: 3)) { try take(&flow, [1, 2, 3, 4]) { _ in } }
    #expect(try take(&flow, [1, 2]) { _ in }?.payload == [1, 2])
    #expect(throws: ChunkError.overBudget(bytes: 2, left: 1)) { try take(&flow, [1, 2]) { _ in } }
    flow.expect(bytes: .max)
    flow.expect(bytes: .max)
    flow.expect(bytes: -5)
    #expect(try take(&flow, [1, 2]) { _ in } != nil)
  }

  @Test("Chunks that do not fit their transfer are dropped")
  func misfits() throws {
    var flow = InboundFlow(budget: .max)
    #expect(throws: ChunkError.tooLarge(bytes: .max)) { try take(&flow) { $0.totalBytes = .max } }
    #expect(throws: ChunkError.withoutSubject) { try take(&flow, [1]) { $0.subject = nil } }
    #expect(throws: ChunkError.outOfOrder(transfer: 3)) {
      try take(&flow, [1]) {
        $0.transfer = 3
        $0.offset = .max
      }
    }
    // Tiny chunks of a large transfer, and payloads beyond what was claimed.
    #expect(throws: ChunkError.outOfOrder(transfer: 0)) { try take(&flow, [1]) { $0.totalBytes = 1_000_000 } }
    #expect(throws: ChunkError.outOfOrder(transfer: 0)) { try take(&flow, [1, 2]) { $0.totalBytes = 1 } }
    #expect(throws: ChunkError.outOfOrder(transfer: 0)) { try take(&flow) { $0.totalBytes = 1 } }
  }

  @Test("A transfer cannot begin twice, and the number of incomplete ones is limited")
  func underWay() throws {
    var flow = InboundFlow(budget: .max)
    let payload = [UInt8](repeating: 1, count: 10)
    let total = UInt64(WireLimits.chunk + 10)
    let chunk = [UInt8](repeating: 0, count: WireLimits.chunk)
    _ = try take(&flow, chunk) { $0.totalBytes = total }
    #expect(throws: ChunkError.outOfOrder(transfer: 0)) { try take(&flow, chunk) { $0.totalBytes = total } }
    for number in 1..<64 {
      _ = flow.acknowledgement()
      _ = try take(&flow, chunk) { ($0.transfer, $0.totalBytes) = (UInt64(number), total) }
    }
    _ = flow.acknowledgement()
    #expect(throws: ChunkError.tooMany) { try take(&flow, chunk) { ($0.transfer, $0.totalBytes) = (64, total) } }
    let whole = try take(&flow, payload) { ($0.offset, $0.totalBytes) = (UInt64(WireLimits.chunk), total) }
    #expect(whole?.payload == chunk + payload)
  }

  @Test("Dropped bytes are never acknowledged, so that their sender fills its window")
  func dropped() throws {
    var flow = InboundFlow(budget: 0)
    let payload = [UInt8](repeating: 1, count: WireLimits.chunk)
    for _ in 0..<31 {
      #expect(throws: ChunkError.overBudget(bytes: WireLimits.chunk, left: 0)) { try take(&flow, payload) { _ in } }
    }
    #expect(throws: ChunkError.overWindow) { try take(&flow, payload) { _ in } }
    #expect(flow.acknowledgement() == 0)
  }

  private final class Owner: Sendable {}

  @Test("A transfer's owner is released when the last chunk was sent, or with the peer")
  func owner() throws {
    func transfer(_ count: Int) -> (Transfer, () -> Owner?) {
      let owner = Owner()
      weak let reference = owner
      let transfer = Transfer(
        subject: .delivery(.with { $0.lease = 1 }), payload: [UInt8](repeating: 0, count: count), owner: owner)
      return (transfer, { reference })
    }
    func add(_ count: Int, to flow: inout OutboundFlow) -> () -> Owner? {
      let (transfer, owner) = transfer(count)
      flow.add(transfer, identifier: 1)
      return owner
    }
    var flow = OutboundFlow()
    let first = add(WireLimits.chunk + 1, to: &flow)
    let second = add(1, to: &flow)
    flow.sent(try #require(flow.next()))
    #expect(first() != nil)
    flow.sent(try #require(flow.next()))
    #expect(first() == nil && second() != nil)
    flow = OutboundFlow()
    #expect(second() == nil)
  }
}
