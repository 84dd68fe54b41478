import Foundation
import Metrics
import Report
import Statistics
import Testing

@Suite("results.json and costs.json")
struct ResultsTests {
  @Test("A full audit and the smallest one agree with the committed schema, key by key")
  func schema() throws {
    let check = try SchemaCheck()
    for report in [try SimulatedAudit.report.get(), try SmallAudit.report()] {
      #expect(check.errors(report.resultsDocument) == [])
      guard case .object(let members) = report.resultsDocument else {
        Issue.record("the document is not an object")
        return
      }
      #expect(Set(members.keys) == check.topLevelKeys)
    }
  }

  @Test("The check of the schema finds a missing, an unknown and a wrong value")
  func schemaFindsErrors() throws {
    let check = try SchemaCheck()
    guard case .object(var members) = try SmallAudit.report().resultsDocument else { return }
    members["seeds"] = .string("13")
    members["workers"] = .integer(2)
    members["name"] = nil
    #expect(check.errors(.object(members)) == ["$: no name", "$.seeds: not [\"array\"]", "$: unknown workers"])
  }

  @Test("The same audit gives the same bytes in every file")
  func deterministic() throws {
    let report = try SimulatedAudit.report.get()
    #expect(report.files() == report.files())
    #expect(report.files().map(\.path).prefix(3) == ["results.json", "costs.json", "report.html"])
    #expect(report.files().dropFirst(3).allSatisfy { $0.path.hasPrefix("tables/") && $0.path.hasSuffix(".csv") })
  }

  @Test("Workers, costs and samples change costs.json and never results.json")
  func factsOnly() throws {
    let report = try SimulatedAudit.report.get()
    var other = report
    other.workers = 7
    other.costs[0].wallSeconds += 1
    other.samples = []
    #expect(other.results() == report.results())
    #expect(other.costsDocument() != report.costsDocument())
  }

  @Test("Foundation reads the document, and undefined figures are objects with reason and n")
  func undefined() throws {
    let report = try SmallAudit.report()
    let read = try JSONSerialization.jsonObject(with: Data(report.results())) as? [String: Any]
    let privacy = try #require(read?["privacy"] as? [String: Any])
    #expect(privacy["undefined"] as? String == "membership inference was not measured")
    let rates = report.fairness.arms[0].overSeeds.overall
    guard case .undefined(let reason, _) = rates.truePositiveRate else {
      Issue.record("a rate of positives without a positive class is defined")
      return
    }
    #expect(String(decoding: report.results(), as: UTF8.self).contains("\"undefined\": \"\(reason)\""))
  }
}
