import Foundation
import TestSupport
import Testing

/// The quickstart's own input, and the disparity that was planted in it.
@Suite(.serialized) struct QuickstartTests {
  private struct Results: Decodable {
    struct Evaluation: Decodable {
      let arm: String
      let overSeeds: Rates
    }
    struct Rates: Decodable { let groups: [Group] }
    struct Group: Decodable {
      struct Name: Decodable { let value: String }
      let group: Name
      let accuracy: Accuracy
    }
    struct Accuracy: Decodable {
      struct Interval: Decodable {
        let lower: Double
        let upper: Double
      }
      let value: Double
      let interval: Interval
    }
    let evaluations: [Evaluation]
  }

  @Test("The quickstart pretrains its base, and the accuracy interval of the rare group lies below the others'")
  func plantedDisparity() throws {
    let folder = try TemporaryFolder()
    let made = try Program.run("quickstart", "--directory", folder.path)
    #expect(made.exitCode == 0, "\(made.errors)")
    #expect(made.output.contains("audit.yaml"))
    // The second call finds everything made.
    let again = try Program.run("quickstart", "--directory", folder.path)
    #expect(again.exitCode == 0 && again.errors.isEmpty)

    let written = try String(contentsOfFile: "\(folder.path)/audit.yaml", encoding: .utf8)
    let lines = written.split(separator: "\n", omittingEmptySubsequences: false)
    let short = lines.filter { line in
      !["  - base", "  - lora", "privacy:"].contains { line.hasPrefix($0) }
    }.joined(separator: "\n").replacing("seeds: [13, 1337, 42]", with: "seeds: [13]")
    try folder.write(short, to: "short.yaml")
    let audit = try Program.run(
      "audit", "\(folder.path)/short.yaml", "--workers", "2", "--output", "\(folder.path)/audit")
    #expect(audit.exitCode == 0, "\(audit.errors)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let results = try decoder.decode(
      Results.self, from: Data(contentsOf: URL(filePath: "\(folder.path)/audit/results.json")))
    let groups = try #require(results.evaluations.first { $0.arm == "full" }).overSeeds.groups
    let dusk = try #require(groups.first { $0.group.value == "dusk" }).accuracy
    for lighting in ["daylight", "indoor"] {
      let other = try #require(groups.first { $0.group.value == lighting }).accuracy
      #expect(dusk.interval.upper < other.interval.lower)
    }
    // Nobody can beat the observer who knows everything but the expression and the noise.
    let ceilings = try String(contentsOfFile: "\(folder.path)/data/faces-ceiling.csv", encoding: .utf8)
    let row = try #require(ceilings.split(whereSeparator: \.isNewline).first { $0.hasPrefix("dusk") })
    let ceiling = try #require(row.split(separator: ",").last.flatMap { Double($0) })
    #expect(ceiling < 0.9 && dusk.interval.lower < ceiling)
  }
}
