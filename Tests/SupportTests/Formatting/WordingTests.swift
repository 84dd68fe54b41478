import Support
import Testing

@Suite struct WordingTests {
  @Test(
    "Bytes are said in the largest unit that leaves a number below 1024",
    arguments: [
      (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (10 << 20, "10 MiB"), ((1 << 20) - 1, "1 MiB"),
      (1 << 30, "1.0 GiB"), (3 << 29, "1.5 GiB"), (Int.max, "8.0 EiB"),
    ])
  func bytes(count: Int, text: String) {
    #expect(ByteCount.text(count) == text)
  }

  @Test("One item is said in the singular")
  func items() {
    #expect([0, 1, 2].map { ItemCount.text($0, "run") } == ["0 runs", "1 run", "2 runs"])
    #expect([1, 5].map { ItemCount.text($0, "batch", "batches") } == ["1 batch", "5 batches"])
  }

  @Test(
    "Times are rounded up, in two units at most",
    arguments: [
      (0, "0 s"), (0.2, "1 s"), (59, "59 s"), (60, "1 min 0 s"), (3599.5, "1 h 0 min"), (7_500, "2 h 5 min"),
      (Double.infinity, "–"),
    ])
  func times(seconds: Double, text: String) { #expect(TimeSpan.text(seconds: seconds) == text) }
}
