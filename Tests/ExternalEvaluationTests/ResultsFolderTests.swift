import ExternalEvaluation
import Foundation
import Metrics
import Report
import TestSupport
import Testing

/// What is written into a folder that is not empty.
@Suite struct ResultsFolderTests {
  private let folder: TemporaryFolder
  private let output: String

  init() throws {
    folder = try TemporaryFolder()
    output = "\(folder.path)/out"
  }

  private func evaluate(arms: [String]) throws {
    var text = "arm,item,label,logit_no,logit_yes\n"
    for arm in arms { for item in 0..<4 { text += "\(arm),\(item),\(item % 2 == 0 ? "no" : "yes"),0,\(item)\n" } }
    let evaluation = try PredictionsEvaluation(
      PredictionsEvaluation.Settings(
        files: [try folder.write(text, to: "p.csv")], groups: [], intersections: [], positive: nil, reference: nil,
        rule: DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 2), name: "p"))
    try ResultsFolder(output, of: .evaluation).write(
      try evaluation.report().files() + evaluation.predictionFiles())
  }

  private func names(in name: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(output)/\(name)").sorted()
  }

  @Test("A second evaluation leaves no predictions of arms that are gone")
  func staleArms() throws {
    try evaluate(arms: ["full", "old/one"])
    #expect(try names(in: "predictions") == ["full.csv", "old%2Fone.csv"])
    try evaluate(arms: ["full", "new"])
    #expect(try names(in: "predictions") == ["full.csv", "new.csv"])
    #expect(try Results(folder: output).arms.map(\.name).sorted() == ["full", "new"])
  }

  @Test("Files that no evaluation wrote stay, even among its own")
  func others() throws {
    try evaluate(arms: ["full", "old"])
    try folder.write("x", to: "out/predictions/mine.csv")
    try evaluate(arms: ["full"])
    #expect(try names(in: "predictions") == ["full.csv", "mine.csv"])
  }

  @Test("An attack's folder takes no evaluation, and the other way round")
  func kinds() throws {
    try evaluate(arms: ["full"])
    #expect(throws: ResultsFolderError.self) { try ResultsFolder(output, of: .attack) }
    try FileManager.default.removeItem(atPath: "\(output)/predictions")
    #expect(throws: ResultsFolderError.self) { try ResultsFolder(output, of: .attack) }
    #expect(throws: Never.self) { try ResultsFolder(output, of: .evaluation) }
    try folder.write("{\"kind\": \"attack\", \"schema\": 1}", to: "out/results.json")
    #expect(throws: Never.self) { try ResultsFolder(output, of: .attack) }
    #expect(throws: ResultsFolderError.self) { try ResultsFolder(output, of: .evaluation) }
  }

  @Test(
    "Results of an audit, of another program, or predictions without results are not written over",
    arguments: [
      ["results.json": "{\"plan\": {\"hash\": \"a\", \"version\": 8}, \"arms\": []}"],
      ["results.json": "{\"loss\": 1}"],
      ["results.json": "no JSON"], ["results.json": "[]"], ["report.html": "mine"], ["notes.txt": "mine"],
    ])
  func foreign(files: [String: String]) throws {
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    for (name, text) in files { try folder.write(text, to: "out/\(name)") }
    for kind in [ResultsFolder.Kind.evaluation, .attack] {
      let error = try #require(throws: ResultsFolderError.self) { try ResultsFolder(output, of: kind) }
      #expect(error.description.contains("something other than \(kind.rawValue)"))
    }
  }

  @Test("A folder that is empty or not there yet is taken")
  func new() throws {
    #expect(throws: Never.self) { try ResultsFolder(output, of: .evaluation) }
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    #expect(throws: Never.self) { try ResultsFolder(output, of: .attack) }
  }
}
