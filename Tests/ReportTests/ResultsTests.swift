import Foundation
import MembershipInference
import Metrics
import Report
import Statistics
import Support
import TestSupport
import Testing

@Suite("results.json and costs.json")
struct ResultsTests {
  @Test(
    "Results of another version, and those with a missing key, are refused in plain words",
    arguments: [
      ("{\"schema\": 6}", "its schema is 6, and this version reads \(Results.version)"),
      ("{\"schema\": \(Results.version)}", " is missing"),
    ])
  func otherVersions(text: String, says: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(text, to: "results.json")
    let error = #expect(throws: ResultsError.self) { try Results(folder: folder.path) }
    let message = error.map { "\($0)" } ?? ""
    #expect(message.contains("\(folder.path)/results.json") && message.contains(says), "\(message)")
    #expect(!message.contains("keyNotFound") && message.contains("run the audit again"), "\(message)")
  }

  @Test("A full audit and the smallest one agree with the committed schema, key by key")
  func schema() throws {
    let check = try SchemaCheck()
    for report in [try SimulatedAudit.report.get(), try SmallAudit.report()] {
      let document = try JSONDocument.value(of: report.results)
      #expect(check.errors(document) == [])
      #expect(Set((document.members ?? []).map(\.key)) == check.topLevelKeys)
    }
  }

  @Test("The check of the schema finds a missing, an unknown and a wrong value")
  func schemaFindsErrors() throws {
    let check = try SchemaCheck()
    let document = try JSONDocument.value(of: SmallAudit.report().results)
    var members = try #require(document.members).filter { !["seeds", "name"].contains($0.key) }
    members += [("seeds", .string("13")), ("workers", .number("2"))]
    #expect(check.errors(.object(members)) == ["$: no name", "$.seeds: not [\"array\"]", "$: unknown workers"])
  }

  @Test("The same audit gives the same bytes in every file")
  func deterministic() throws {
    let report = try SimulatedAudit.report.get()
    #expect(try report.files() == report.files())
    #expect(try report.files().map(\.path).prefix(3) == ["results.json", "costs.json", "report.html"])
    #expect(try report.files().dropFirst(3).allSatisfy { $0.path.hasPrefix("tables/") && $0.path.hasSuffix(".csv") })
  }

  @Test("Workers, costs and samples change costs.json and never results.json")
  func factsOnly() throws {
    let report = try SimulatedAudit.report.get()
    var other = report
    other.workers = 7
    other.costs[0].wallSeconds += 1
    other.samples = []
    #expect(other.results == report.results)
    #expect(other.costsDocument != report.costsDocument)
  }

  @Test("What was written reads back as the same value, and is written again to the same bytes")
  func roundTrip() throws {
    for report in [try SimulatedAudit.report.get(), try SmallAudit.report()] {
      let bytes = try report.results.bytes()
      let read = try Results(Data(bytes))
      #expect(read.evaluations == report.results.evaluations && read.comparisons == report.results.comparisons)
      #expect(try read.bytes() == bytes)
      let costs = try report.costsDocument.bytes()
      #expect(try Costs(Data(costs)) == report.costsDocument)
      #expect(try Costs(Data(costs)).bytes() == costs)
    }
    // Exposed items are named, and no part of results.
    var report = try SimulatedAudit.report.get()
    for arm in report.privacy.indices {
      for attack in report.privacy[arm].attacks.indices { report.privacy[arm].attacks[attack].exposedItems = [] }
    }
    report.judge(Self.policy)
    #expect(try Results(Data(report.results.bytes())) == report.results)
  }

  /// With a rule of every kind.
  private static let policy = Policy(
    owner: "Sato", deadline: nil, minimumSize: 50, arms: ["lora-r2", "lora-r8"],
    rules: [
      Policy.Rule(metric: .accuracy, groups: .every, demand: .margin(0.03)),
      Policy.Rule(metric: .f1, groups: .all, demand: .atLeast(0.5)),
      Policy.Rule(metric: .attackArea, groups: .one(column: "tone", value: "dark"), demand: .atMost(0.6)),
    ])

  @Test("Results of another version are refused, and say which one they are")
  func version() throws {
    var results = try SmallAudit.report().results
    results.schema -= 1
    let bytes = Data(try results.bytes())
    #expect {
      try Results(bytes)
    } throws: { "\($0)".contains("schema is \(Results.version - 1)") }
  }

  @Test("Foundation reads the document, and undefined figures are objects with reason and n")
  func undefined() throws {
    let report = try SmallAudit.report()
    let read = try JSONSerialization.jsonObject(with: Data(report.results.bytes())) as? [String: Any]
    let privacy = try #require(read?["privacy"] as? [String: Any])
    #expect(privacy["undefined"] as? String == "membership inference was not measured")
    let rates = report.fairness.arms[0].overSeeds.overall
    guard case .undefined(let reason, _) = rates.truePositiveRate else {
      Issue.record("a rate of positives without a positive class is defined")
      return
    }
    #expect(String(decoding: try report.results.bytes(), as: UTF8.self).contains("\"undefined\": \"\(reason)\""))
  }
}
