import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(45)), .enabled(if: PrepareScript.isAvailable, "needs .python; run scripts/setup --tests"))
struct PrepareHelpTests {
  @Test(
    "Every script explains itself",
    arguments: [
      "prepare-hate-speech", "prepare-winomt", "prepare-bbq", "prepare-yelp",
    ])
  func help(name: String) throws {
    let outcome = try PrepareScript.run(name, ["--help"])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("scripts/\(name) ") || outcome.output.contains("usage: \(name)"))
    #expect(outcome.errors.isEmpty)
  }

  @Test("A folder for the output that is not there is one line of error")
  func missingFolder() throws {
    let folder = try TemporaryFolder()
    let input = try folder.write("{\"text\": \"a\"}\n", to: "r.json")
    let outcome = try PrepareScript.run("prepare-yelp", [input, folder.path + "/none/out.csv", "--count", "1"])
    #expect(outcome.status == 1)
    #expect(outcome.errors.hasPrefix("error: ") && outcome.errors.contains("/none/"))
    #expect(outcome.errors.split(separator: "\n").count == 1)
  }
}
