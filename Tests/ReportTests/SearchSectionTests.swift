import Foundation
import Metrics
import Report
import Statistics
import Testing

@Suite("Choice of settings")
struct SearchSectionTests {
  private func page(
    seeds: [Int], candidates: [(arm: String, rates: [Double])], items: Int = 200
  ) throws -> (page: String, results: String) {
    var report = try SmallAudit.report(arms: candidates.map(\.arm))
    report.search = SettingsSearch(
      seeds: seeds, validationItems: items,
      arms: candidates.map { arm, rates in
        SettingsSearch.Arm(
          name: arm,
          candidates: rates.map { rate in
            SettingsSearch.Candidate(
              rate: rate, epochs: 2, accuracy: SeedSpread(values: seeds.map { 0.8 + Double($0) / 100 }),
              logLoss: SeedSpread(values: seeds.map { _ in 0.4 }), diverged: 0)
          }, chosen: 0)
      })
    let section = report.html().components(separatedBy: "<section id=\"search\">").last ?? ""
    return (section, String(decoding: try report.results.bytes(), as: UTF8.self))
  }

  @Test("One seed has no spread, on the page and in results.json")
  func oneSeed() throws {
    let one = try page(seeds: [1], candidates: [("lora", [1e-3, 3e-3]), ("full", [1e-3, 3e-3])])
    #expect(!one.page.contains("±"))
    #expect(one.results.contains("one seed shows no variation over seeds"))
    #expect(!one.results.contains("\"standard_deviation\": 0"))
    #expect(try page(seeds: [1, 2], candidates: [("lora", [1e-3, 3e-3])]).page.contains(" ± 0.7"))
  }

  @Test("Only what was chosen is said to be; grids of other sizes and few validation items are remarked upon")
  func choices() throws {
    let uneven = try page(seeds: [1, 2], candidates: [("lora", [1e-3, 3e-3, 1e-2]), ("full", [1e-3])], items: 40).page
    #expect(uneven.contains("from as many candidates as each arm had (lora of 3)"))
    #expect(uneven.contains("full had a single candidate, so that nothing was chosen for it."))
    #expect(uneven.contains("The grids differ in size"))
    #expect(uneven.contains("Warning: with so few validation items (fewer than 50)"))
    #expect(uneven.contains(">the only one<"))
    let even = try page(seeds: [1, 2], candidates: [("lora", [1e-3, 3e-3]), ("full", [1e-3, 3e-3])]).page
    #expect(even.contains("(lora of 2, full of 2)") || even.contains("(lora of 2 and full of 2)"))
    #expect(!even.contains("single candidate") && !even.contains("differ in size") && !even.contains("Warning"))
  }
}
