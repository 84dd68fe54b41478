import Support
import Testing

@Suite struct ContentHashTests {
  @Test("The digest agrees with the reference implementation of BLAKE2b-256")
  func knownAnswers() {
    // hashlib.blake2b(b"", digest_size=32) and b"abc".
    #expect(
      ContentHash(of: [UInt8]()).description == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8")
    #expect(
      ContentHash(of: Array("abc".utf8)).description
        == "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319")
  }

  @Test("Texts carry their lengths, so that moving a letter across a border changes the digest")
  func textsCarryTheirLengths() {
    var first = ContentHasher()
    first.combine("ab")
    first.combine("c")
    var second = ContentHasher()
    second.combine("a")
    second.combine("bc")
    let (firstHash, secondHash) = (first.finish(), second.finish())
    #expect(firstHash != secondHash)
  }

  @Test("The hexadecimal form reads back, and nothing else does")
  func hexadecimalRoundTrip() {
    let hash = ContentHash(of: [1, 2, 3] as [UInt8])
    #expect(ContentHash(hexadecimal: hash.description) == hash)
    for text in ["", "00", String(repeating: "g", count: 64), hash.description + "0"] {
      #expect(ContentHash(hexadecimal: text) == nil)
    }
  }
}
