import Support
import Testing
import Transport

/// A disk and a coordinator in memory, between which the state machine stands.
private struct World {
  var fetch = ContentFetch(piece: 4, window: 12, mostPieces: 8, mostOpen: 3)
  /// What the coordinator has.
  var shelf: [ContentHash: [UInt8]] = [:]
  /// What earlier processes left.
  var left: [ContentHash: [UInt8]] = [:]
  var disk: [ContentHash: [UInt8]] = [:]
  var arrived: [ContentHash] = []
  /// Those whose last byte came from the coordinator.
  var fetched: [ContentHash] = []
  var failed: [ContentError] = []
  /// Requests on their way.
  var asked: [(content: ContentHash, range: Range<Int>)] = []
  /// Every request that was ever made.
  var log: [(content: ContentHash, range: Range<Int>)] = []
  var open: Set<ContentHash> = []
  /// Contents that another process fetches.
  var elsewhere: Set<ContentHash> = []

  mutating func add(_ bytes: [UInt8]) -> WantedContent {
    let content = ContentHash(of: bytes)
    shelf[content] = bytes
    return WantedContent(content: content, bytes: bytes.count, name: "item of \(bytes.count)")
  }

  mutating func perform(_ actions: [ContentFetch.Action]) {
    var actions = actions
    var done = 0
    while done < actions.count {
      defer { done += 1 }
      switch actions[done] {
      case .open(let content):
        if elsewhere.contains(content) {
          actions += fetch.busy(content)
        } else if arrived.contains(content) {
          actions += fetch.found(content)
        } else {
          #expect(open.insert(content).inserted, "nothing is opened twice")
          disk[content] = disk[content] ?? left[content] ?? []
          actions += fetch.opened(content, here: disk[content]?.count ?? 0)
        }
      case .request(let content, let range):
        asked.append((content, range))
        log.append((content, range))
      case .append(let content, let bytes):
        #expect(open.contains(content))
        disk[content, default: []] += bytes
      case .verify(let content):
        let isRight = ContentHash(of: disk[content] ?? []) == content
        if isRight { fetched.append(content) }
        actions += fetch.verified(content, isRight: isRight)
      case .restart(let content): disk[content] = []
      case .close(let content): open.remove(content)
      case .discard(let content):
        open.remove(content)
        disk[content] = nil
      case .arrived(let content):
        open.remove(content)
        arrived.append(content)
      case .failed(let error, _): failed.append(error)
      }
      // What is not wanted any more may still be on its way.
      let underWay = asked.filter { fetch[$0.content] != nil }
      let bytes = underWay.reduce(0) { $0 + $1.range.count }
      #expect(bytes <= 12 && underWay.count <= 8 && open.count <= 3)
    }
  }

  /// The coordinator answers one of the requests.
  mutating func answer(_ index: Int = 0) {
    let request = asked.remove(at: index)
    perform(deliver(request))
  }

  mutating func deliver(_ request: (content: ContentHash, range: Range<Int>)) -> [ContentFetch.Action] {
    guard let bytes = shelf[request.content] else { return fetch.absent(request.content, reason: "none") }
    return fetch.received(
      request.content, offset: request.range.lowerBound, bytes: Array(bytes[request.range]))
  }

  mutating func answerAll() { while !asked.isEmpty { answer() } }
}

@Suite(.timeLimit(.minutes(45))) struct ContentFetchTests {
  private static func bytes(_ count: Int, seed: Int) -> [UInt8] {
    var generator = RandomKey(seed: seed)["contents"].generator
    return (0..<count).map { _ in UInt8(generator.uniform() * 256) }
  }

  @Test("Contents come in pieces, in the order in which they were wanted, and never exceed the window")
  func window() {
    var world = World()
    let first = world.add(Self.bytes(30, seed: 1))
    let second = world.add(Self.bytes(5, seed: 2))
    let empty = world.add([])
    world.perform(world.fetch.want([first, second, empty], for: .lease(1)))
    #expect(world.asked.map(\.range) == [0..<4, 4..<8, 8..<12])
    world.answerAll()
    // Nothing has to come of the empty one.
    #expect(world.arrived == [empty.content, first.content, second.content])
    #expect(world.disk[first.content] == world.shelf[first.content])
    #expect(
      world.log.filter { $0.content == first.content }.map(\.range.lowerBound) == Array(stride(from: 0, to: 30, by: 4)))
    #expect(world.open.isEmpty && world.fetch.wanted.isEmpty && !world.fetch.isWaitingForPieces)
  }

  @Test("A content that is wanted twice is fetched once, and one that is here is not fetched")
  func once() {
    var world = World()
    let content = world.add(Self.bytes(9, seed: 3))
    let there = world.add(Self.bytes(7, seed: 4))
    world.arrived = [there.content]
    world.perform(world.fetch.want([content, there], for: .lease(1)))
    world.perform(world.fetch.want([content, content], for: .lease(2)))
    world.answerAll()
    #expect(world.log.count == 3)
    #expect(world.arrived.filter { $0 == content.content }.count == 1)
  }

  @Test("A fetch resumes after a killed worker")
  func resumes() {
    var world = World()
    let content = world.add(Self.bytes(20, seed: 5))
    world.left[content.content] = Array(world.shelf[content.content]?.prefix(11) ?? [])
    world.perform(world.fetch.want([content], for: .base))
    world.answerAll()
    #expect(world.log.map(\.range) == [11..<15, 15..<19, 19..<20])
    #expect(world.arrived == [content.content] && world.disk[content.content] == world.shelf[content.content])
  }

  @Test(
    "What an earlier process left torn, too long or whole and wrong is thrown away, and the content fetched anew",
    arguments: [[1, 2, 3], Array(repeating: 9, count: 20), Array(repeating: 9, count: 21)] as [[UInt8]])
  func tornRest(rest: [UInt8]) {
    var world = World()
    let content = world.add(Self.bytes(20, seed: 6))
    world.left[content.content] = rest
    world.perform(world.fetch.want([content], for: .base))
    world.answerAll()
    #expect(world.arrived == [content.content] && world.failed.isEmpty)
    #expect(world.disk[content.content] == world.shelf[content.content])
  }

  @Test("Wrong bytes are discarded, with an error that names the content and the claims")
  func wrongBytes() {
    var world = World()
    let content = world.add(Self.bytes(10, seed: 7))
    world.shelf[content.content]?[5] ^= 1
    world.perform(world.fetch.want([content], for: .lease(7)))
    world.answerAll()
    #expect(world.arrived.isEmpty && world.disk[content.content] == nil && world.open.isEmpty)
    #expect(world.failed == [ContentError(name: content.name, content: content.content, problem: .wrongDigest)])
    #expect(
      world.failed.first?.description.contains("item of 10 (content \(content.content.description.prefix(16))") == true)
    // Another lease may try again.
    world.shelf[content.content]?[5] ^= 1
    world.perform(world.fetch.want([content], for: .lease(8)))
    world.answerAll()
    #expect(world.arrived == [content.content])
  }

  @Test("A piece of another length is an error, and one that was not requested is ignored")
  func wrongPieces() {
    var world = World()
    let content = world.add(Self.bytes(10, seed: 8))
    world.perform(world.fetch.want([content], for: .lease(1)))
    #expect(world.fetch.received(content.content, offset: 2, bytes: [1, 2]) == [])
    #expect(world.fetch.received(ContentHash(of: [1]), offset: 0, bytes: [1]) == [])
    world.perform(world.fetch.received(content.content, offset: 4, bytes: [1, 2]))
    #expect(world.failed.map(\.problem) == [.wrongPiece(offset: 4, expected: 4, found: 2)])
    world.answerAll()
    #expect(world.arrived.isEmpty && world.failed.count == 1)
  }

  @Test("A content that the coordinator lacks fails for all its claims, and delays no other content")
  func absent() {
    var world = World()
    let content = WantedContent(content: ContentHash(of: [0]), bytes: 12, name: "gone.png")
    let other = world.add(Self.bytes(6, seed: 9))
    world.perform(world.fetch.want([content, other], for: .lease(1)))
    let again = world.fetch.want([content], for: .base)
    world.perform(again)
    let actions = world.deliver(world.asked.removeFirst())
    #expect(
      actions.contains(
        .failed(
          ContentError(name: "gone.png", content: content.content, problem: .absent(reason: "none")),
          claims: [.base, .lease(1)])))
    world.perform(actions)
    world.asked.removeAll { $0.content == content.content }
    world.answerAll()
    #expect(world.arrived == [other.content])
  }

  @Test("The end of a lease stops the fetches that only it needs, and their bytes stay on the disk")
  func release() {
    var world = World()
    let (first, second) = (world.add(Self.bytes(24, seed: 10)), world.add(Self.bytes(8, seed: 11)))
    world.perform(world.fetch.want([first], for: .lease(1)))
    world.perform(world.fetch.want([first, second], for: .lease(2)))
    world.answer()
    world.perform(world.fetch.release(.lease(1)))
    #expect(world.fetch.wanted == [first.content, second.content])
    world.perform(world.fetch.retain(leases: []))
    #expect(world.fetch.wanted.isEmpty && world.open.isEmpty)
    let late = world.asked
    world.asked = []
    for request in late { #expect(world.deliver(request) == []) }
    world.perform(world.fetch.want([first], for: .lease(3)))
    #expect(world.asked.first?.range.lowerBound == 4)
    world.answerAll()
    #expect(world.arrived == [first.content])
  }

  @Test("A content that another process fetches is awaited, and taken over if that process dies")
  func elsewhere() {
    var world = World()
    let (theirs, own) = (world.add(Self.bytes(12, seed: 12)), world.add(Self.bytes(12, seed: 13)))
    world.elsewhere = [theirs.content]
    world.perform(world.fetch.want([theirs, own], for: .lease(1)))
    world.answerAll()
    #expect(world.arrived == [own.content] && world.fetch.isWaitingForOthers)
    world.perform(world.fetch.lookAgain())
    #expect(world.fetch.isWaitingForOthers && world.asked.isEmpty)
    world.elsewhere = []
    world.left[theirs.content] = Array(world.shelf[theirs.content]?.prefix(8) ?? [])
    world.perform(world.fetch.lookAgain())
    world.answerAll()
    #expect(world.arrived == [own.content, theirs.content] && !world.fetch.isWaitingForOthers)
    #expect(world.log.last?.range == 8..<12)
  }

  @Test("A full disk fails the content and keeps what was written")
  func fullDisk() {
    var world = World()
    let content = world.add(Self.bytes(12, seed: 14))
    world.perform(world.fetch.want([content], for: .lease(1)))
    let problem = ContentError.Problem.system(file: "cache", step: "write", reason: "No space left on device")
    let actions = world.fetch.broken(content.content, problem)
    #expect(actions.first == .close(content.content))
    world.perform(actions)
    #expect(world.failed.map(\.problem) == [problem])
  }

  @Test(
    "Duplicates, reordering, loss, cancelled leases, other processes and wrong bytes never lose or change a content",
    arguments: 0..<400)
  func chaos(seed: Int) {
    var generator = RandomKey(seed: seed)["chaos"].generator
    func draw(_ end: Int) -> Int { min(end - 1, Int(generator.uniform() * Double(end))) }
    var world = World()
    let contents = (0..<12).map { world.add(Self.bytes(draw(30), seed: seed * 100 + $0)) }
    var wanted: Set<ContentHash> = []
    for lease in 0..<4 {
      let picked = contents.filter { _ in draw(2) == 0 }
      wanted.formUnion(picked.map(\.content))
      world.perform(world.fetch.want(picked, for: .lease(lease)))
    }
    for content in contents where draw(4) == 0 { world.elsewhere.insert(content.content) }
    var again: [(content: ContentHash, range: Range<Int>)] = []
    for _ in 0..<400 {
      switch draw(12) {
      case 0 where !world.asked.isEmpty: world.asked.remove(at: draw(world.asked.count))
      case 1 where !world.asked.isEmpty:
        // It comes now, and once more later.
        let request = world.asked.remove(at: draw(world.asked.count))
        again.append(request)
        world.perform(world.deliver(request))
      case 6 where !again.isEmpty:
        let request = again.remove(at: draw(again.count))
        // Where it was asked for anew since, that answer is now the second one.
        let isSame = { (other: (content: ContentHash, range: Range<Int>)) in other == request }
        again += world.asked.filter(isSame)
        world.asked.removeAll(where: isSame)
        world.perform(world.deliver(request))
      case 2 where !world.asked.isEmpty:
        // Somebody changes a byte on the way; the digest finds it, and the lease asks again.
        let request = world.asked.remove(at: draw(world.asked.count))
        var bytes = Array(world.shelf[request.content]?[request.range] ?? [])
        bytes[draw(bytes.count)] ^= 0x40
        world.perform(world.fetch.received(request.content, offset: request.range.lowerBound, bytes: bytes))
      case 3:
        let actions = world.fetch.release(.lease(draw(4)))
        world.perform(actions)
      case 4:
        let lease = draw(4)
        world.perform(world.fetch.want(contents.filter { wanted.contains($0.content) }, for: .lease(lease)))
      case 5 where !world.elsewhere.isEmpty:
        world.elsewhere.remove(world.elsewhere.sorted { $0.description < $1.description }[0])
        world.perform(world.fetch.lookAgain())
      default: if !world.asked.isEmpty { world.answer(draw(world.asked.count)) }
      }
      // Requests of contents that nobody wants any more leave the window.
      world.asked.removeAll { world.fetch[$0.content] == nil }
    }
    // In the end everything is wanted, nothing is lost any more.
    world.elsewhere = []
    var rounds = 0
    while !wanted.isSubset(of: world.arrived), rounds < 100 {
      rounds += 1
      let missing = contents.filter { wanted.contains($0.content) && !world.arrived.contains($0.content) }
      world.perform(world.fetch.want(missing, for: .lease(9)))
      world.perform(world.fetch.lookAgain())
      world.asked = []
      world.perform(world.fetch.askAgain())
      world.answerAll()
    }
    #expect(wanted.isSubset(of: world.arrived))
    for content in world.arrived { #expect(world.disk[content] == world.shelf[content]) }
    #expect(world.fetched.count == Set(world.fetched).count, "nothing is fetched twice")
    #expect(world.failed.allSatisfy { $0.problem == .wrongDigest })
    #expect(world.fetch.wanted.isEmpty && world.open.isEmpty)
  }
}
