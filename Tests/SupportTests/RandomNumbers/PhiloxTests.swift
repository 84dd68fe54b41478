import Support
import Testing

@Suite struct PhiloxTests {
  @Test("Philox agrees with the known answers of the Random123 distribution")
  func knownAnswers() {
    #expect(
      Philox.words(counter: SIMD4(0, 0, 0, 0), key: SIMD2(0, 0))
        == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      Philox.words(counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      Philox.words(
        counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: SIMD2(0xa409_3822, 0x299f_31d0))
        == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test("A key draws the same stream every time, and its neighbours draw others")
  func keysAddressStreams() {
    var first = RandomKey(seed: 1)["order"][0].generator
    var again = RandomKey(seed: 1)["order"][0].generator
    var others = [
      RandomKey(seed: 2)["order"][0], RandomKey(seed: 1)["mask"][0], RandomKey(seed: 1)["order"][1],
      RandomKey(seed: 1)[0]["order"],
    ].map(\.generator)
    for _ in 0..<100 {
      let word = first.next()
      #expect(word == again.next())
      for index in others.indices { #expect(word != others[index].next()) }
    }
  }

  @Test("A key that went through bytes draws the same, and other lengths are no key")
  func bytes() throws {
    let key = RandomKey(seed: -7)["dropout"][3]
    #expect(key.bytes.count == 16)
    let again = try #require(RandomKey(bytes: key.bytes))
    #expect(again == key && again["x"][1] == key["x"][1])
    #expect(RandomKey(bytes: key.bytes.dropLast()) == nil)
    #expect(RandomKey(bytes: key.bytes + [0]) == nil)
    #expect(RandomKey(bytes: [UInt8]()) == nil)
  }

  @Test("Uniform and normal draws have the moments of their distributions")
  func moments() {
    var generator = RandomKey(seed: 7)["moments"].generator
    let count = 100_000
    let uniform = (0..<count).map { _ in generator.uniform() }
    let normal = (0..<count).map { _ in generator.normal() }
    #expect(abs(uniform.reduce(0, +) / Double(count) - 0.5) < 0.005)
    #expect(abs(normal.reduce(0, +) / Double(count)) < 0.015)
    #expect(abs(normal.map { $0 * $0 }.reduce(0, +) / Double(count) - 1) < 0.025)
  }

  @Test("A permutation holds every index once, and every index lands everywhere")
  func permutations() {
    #expect(RandomKey(seed: 3).permutation(count: 0).isEmpty)
    var landed = Array(repeating: Array(repeating: 0, count: 5), count: 5)
    for trial in 0..<5_000 {
      let order = RandomKey(seed: 3)[trial].permutation(count: 5)
      #expect(order.sorted() == [0, 1, 2, 3, 4])
      for (position, index) in order.enumerated() { landed[position][index] += 1 }
    }
    for count in landed.joined() { #expect(abs(count - 1_000) < 150) }
  }
}
