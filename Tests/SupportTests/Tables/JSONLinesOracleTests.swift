import Foundation
import Support
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(45))) struct JSONLinesOracleTests {
  private static let root = Repository.root
  private static let python = root.appending(path: ".python/bin/python")
  private static let isAvailable = FileManager.default.isExecutableFile(atPath: python.path)

  @Test(
    "Twenty thousand damaged lines are accepted exactly where Python's json does, with the same cells",
    .enabled(if: isAvailable, "needs .python; run scripts/setup --tests"))
  func agreesWithPython() throws {
    let lines = (0..<20_000).map(damaged)
    let folder = try TemporaryFolder()
    let input = try folder.write(lines.map { hexadecimal($0) + "\n" }.joined(), to: "in")
    let output = folder.path + "/out"
    let process = Process()
    process.executableURL = Self.python
    process.arguments = [Self.root.appending(path: "scripts/oracles/json_lines.py").path, input, output]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "the oracle failed; what it wrote is above")
    let verdicts = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
    try #require(verdicts.count == lines.count)
    var accepted = 0
    for (line, verdict) in zip(lines, verdicts) {
      let table = try? JSONLines.table(bytes: line, name: "t", columns: [])
      // An object without keys is a row, but no table.
      let expected =
        verdict == "-" || verdict == "[]" ? nil : try JSONDecoder().decode([[String]].self, from: Data(verdict.utf8))
      let cells = table.map { zip($0.header, $0.rows[0].fields).map { [$0, $1] } }
      #expect(cells == expected, "\(hexadecimal(line))")
      accepted += table == nil ? 0 : 1
    }
    // Neither verdict is so rare that the comparison would say little.
    #expect(accepted > 2_000)
    #expect(lines.count - accepted > 2_000)
  }

  /// One line, with pieces of JSON replaced, removed, doubled, or swapped for bytes that may be anything.
  private func damaged(_ trial: Int) -> [UInt8] {
    let seed =
      #"{"a": "x\u00e9\n\ud83d\ude00é", "b": ["é", "p;q", ""], "c": {"d": [-1.5e3, 0, null], "d": 1}, "e": -0.5E+7}"#
    let pieces = [
      "\"", "\\", "\\u0000", "\\ud800", "\\udc00", "{", "}", "[", "]", ",", ":", "0", "-", ".", "e", "1", " ", "\t",
      "true",
      "null", "NaN", "é", "\u{1F}", "\u{7F}", "\"a\":1,", "/", "\\/",
    ]
    var stream = RandomKey(seed: 12)["oracle"][trial].generator
    var bytes = Array(seed.utf8)
    for _ in 0..<stream.index(below: 3) {
      let place = stream.index(below: bytes.count)
      let piece = Array(pieces[stream.index(below: pieces.count)].utf8)
      switch stream.index(below: 4) {
      case 0: bytes.insert(contentsOf: piece, at: place)
      case 1: bytes.replaceSubrange(place...place, with: piece)
      case 2: bytes.remove(at: place)
      // A line break would make two lines of one.
      default: bytes[place] = UInt8(11 + stream.index(below: 245))
      }
    }
    return bytes
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
