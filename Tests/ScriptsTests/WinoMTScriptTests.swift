import Datasets
import Foundation
import Support
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(45)), .enabled(if: PrepareScript.isAvailable, "needs .python; run scripts/setup --tests"))
struct WinoMTScriptTests {
  private let folder: TemporaryFolder
  private var output: String { folder.path + "/winomt.csv" }

  private static let pro = [
    "The farmer told the nurse that he was late. ||| A.", "The farmer told the nurse that she was late. ||| B.",
    "The cook asked the tailor if he often watches his shop by himself. ||| C.",
    "The tailor told the cook that it is her shop. ||| D.",
  ]
  private static let anti = [
    "The farmer told the nurse that she was late. ||| A.", "The farmer told the nurse that he was late. ||| Ş.",
    "The cook asked the tailor if she often watches her shop by herself. ||| C.",
    "The tailor told the cook that it is his shop. ||| D.",
  ]
  private static let neutral = [
    "The guest said he pays. ||| E.", "The guest said they pay. ||| F.", "The guest said she pays. ||| E.",
    "Someone said he pays. ||| G.", "Someone said she pays. ||| G.", "Someone said they pay. ||| H.",
    "He hurt himself. ||| I.", "She hurt herself. ||| I.", "They hurt themselves. ||| I.",
    "The bag is his. ||| J.", "The bag is hers. ||| J.", "The bag is theirs. ||| J.",
    "The guest knew his name. ||| K.", "The guest knew her name. ||| K.", "The guest knew their name. ||| K.",
  ]

  init() throws { folder = try TemporaryFolder() }

  private func write(_ lines: [String], _ name: String) throws -> String {
    try folder.write(lines.map { $0 + "\n" }.joined(), to: name)
  }

  private func arguments(
    pro: [String] = Self.pro, anti: [String] = Self.anti, general: [String]? = nil
  ) throws -> [String] {
    var arguments = ["--pro", try write(pro, "pro.txt"), "--anti", try write(anti, "anti.txt")]
    if let general { arguments += ["--general", try write(general, "general.txt")] }
    return arguments + [output]
  }

  private func rows(_ arguments: [String]) throws -> [[String: String]] {
    let outcome = try PrepareScript.run("prepare-winomt", arguments)
    try #require(outcome.status == 0, "\(outcome.errors)")
    let table = try Table(file: output)
    return table.rows.map { Dictionary(uniqueKeysWithValues: zip(table.header, $0.fields)) }
  }

  @Test("Sentences of both files with their references, stereotype and pair")
  func pairs() throws {
    let rows = try rows(arguments())
    #expect(rows.map { $0["source"] } == ["A.", "B.", "C.", "D.", "A.", "Ş.", "C.", "D."])
    #expect(rows.map { $0["condition"] } == Array(repeating: "pro", count: 4) + Array(repeating: "anti", count: 4))
    #expect(rows.map { $0["stereotype"] } == ["male", "female", "male", "female", "male", "female", "male", "female"])
    #expect(rows.map { $0["gold"] } == ["male", "female", "male", "female", "female", "male", "female", "male"])
    #expect(rows.allSatisfy { $0["target"] == ($0["gold"] == "male" ? $0["he"] : $0["she"]) })
    let pairs = ["pair-0001", "pair-0001", "pair-0002", "pair-0002"]
    #expect(rows.map { $0["cluster"] } == pairs + pairs)
    #expect(
      rows.prefix(4).map { $0["they"] } == [
        "The farmer told the nurse that they were late.", "The farmer told the nurse that they were late.",
        "The cook asked the tailor if they often watch their shop by themselves.",
        "The tailor told the cook that it is their shop.",
      ])
  }

  @Test("The general file adds sentences without a stereotype, in threes of any order and twelve a cluster")
  func general() throws {
    let rows = try rows(arguments(general: Self.anti + Self.pro + Self.neutral))
    #expect(rows.count == 23)
    #expect(
      rows.prefix(8).map { $0["condition"] } == Array(repeating: "anti", count: 4) + Array(repeating: "pro", count: 4))
    let neutral = rows.suffix(15)
    #expect(neutral.allSatisfy { $0["stereotype"] == "none" && $0["condition"] == "neutral" })
    #expect(neutral.prefix(4).map { $0["gold"] } == ["male", "neutral", "female", "male"])
    #expect(neutral.prefix(3).map { $0["they"] } == Array(repeating: "The guest said they pay.", count: 3))
    #expect(neutral.prefix(3).map { $0["she"] } == Array(repeating: "The guest said she pays.", count: 3))
    #expect(
      neutral.map { $0["cluster"] } == Array(repeating: "neutral-001", count: 12)
        + Array(repeating: "neutral-002", count: 3))
  }

  @Test("Two different sentences of he on one line have references of their own, made by rule")
  func ownReferences() throws {
    var (pro, anti) = (Self.pro, Self.anti)
    pro[0] = "The tailor waited for the guard and handed him his suit. ||| A."
    anti[0] = "The guard paid the tailor because he has taste and the suit was his. ||| A."
    let rows = try rows(arguments(pro: pro, anti: anti))
    #expect(rows[0]["she"] == "The tailor waited for the guard and handed her her suit.")
    #expect(rows[4]["she"] == "The guard paid the tailor because she has taste and the suit was hers.")
    #expect(rows[4]["they"] == "The guard paid the tailor because they have taste and the suit was theirs.")
    #expect([rows[0], rows[4]].map { $0["stereotype"] } == ["male", "female"])
  }

  @Test(
    "The rule that makes they gives what the published neutral sentences say",
    .enabled(
      if: Repository.hasPublishedData("turkish-english"),
      Comment(rawValue: Repository.needsPublishedData("turkish-english"))))
  func published() throws {
    let folder = try #require(Repository.publishedData)
    let files = ["pro", "anti", "general"].map { "\(folder)/turkish-english/en_tr_\($0).txt" }
    let rows = try rows(["--pro", files[0], "--anti", files[1], "--general", files[2], output])
    #expect(rows.count == 3_888)
    #expect(Set(rows.compactMap { $0["cluster"] }).count == 852)
    #expect(rows.allSatisfy { row in ["he", "she", "they"].contains { row[$0] == row["target"] } })
    // The neutral sentences as if they had a stereotype: their third, by rule, beside the published one.
    let neutral = rows.filter { $0["condition"] == "neutral" && $0["gold"] == "male" }
    let pro = neutral.compactMap { row in row["he"].map { $0 + " ||| x" } }
    let anti = neutral.compactMap { row in row["she"].map { $0 + " ||| x" } }
    let made = try self.rows(arguments(pro: pro, anti: anti)).prefix(pro.count).map { $0["they"] }
    #expect(made == neutral.map { $0["they"] })
  }

  @Test("Lines that are no pair of languages, of pronouns or of files are named, and their sentences are not")
  func refusals() throws {
    func expect(_ arguments: [String], _ words: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
      try PrepareScript.expectRefusal(
        "prepare-winomt", arguments, output: output, saying: words, never: ["farmer", "cook", "secret"],
        sourceLocation: sourceLocation)
    }
    try expect(arguments(pro: ["secret", "secret"]), "pro.txt, row 1: ", "english ||| turkish")
    try expect(arguments(pro: Self.pro + ["a ||| secret ||| c"]), "pro.txt, row 5: ")
    try expect(arguments(pro: Self.pro + [" ||| secret"]), "pro.txt, row 5: ", "\"english\" is empty")
    try expect(arguments(pro: []), "pro.txt: ", "found none")
    try expect(arguments(anti: Array(Self.anti.prefix(3))), "anti.txt: 3 lines", "the same even number")
    try expect(arguments(anti: [Self.pro[1], Self.pro[1]] + Self.anti.suffix(2)), "anti.txt, row 2: ", "expected he")
    try expect(arguments(general: Self.pro + Self.anti), "general.txt, row 1: ", "the lines of the second file")
    try expect(arguments(general: Self.anti), "general.txt: 4 lines; expected at least 8")
    let whole = Self.anti + Self.pro + Self.neutral
    try expect(arguments(general: whole.dropLast()), "general.txt, row 22: ", "threes of he, she and they")
    try expect(arguments(general: whole.dropLast(2) + whole.suffix(1) + whole.suffix(1)), "general.txt, row 21: ")
    var bytes = Array(Self.pro.joined(separator: "\n").utf8)
    bytes[3] = 0xFF
    let broken = try folder.write(bytes, to: "broken.txt")
    try expect(["--pro", broken, "--anti", folder.path + "/anti.txt", output], "broken.txt, row 1: not UTF-8")
  }
}
