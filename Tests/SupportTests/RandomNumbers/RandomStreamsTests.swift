import Foundation
import Support
import TestSupport
import Testing

@Suite struct RandomStreamsTests {
  @Test("The names of the random streams are those that every earlier result was drawn with")
  func names() {
    // Add to this list; change or remove nothing. A name that changes changes results.
    let pinned: Set = [
      "all items", "attack", "audit", "audited members", "audited others", "base", "benchmark", "blocks", "bootstrap",
      "calibration", "canary", "cards", "choices", "cloze", "comparison", "corrected", "data", "disparity", "dropout",
      "duplicates", "evaluate", "faces", "fairness", "fleet", "given", "group", "image", "images", "initial", "kind",
      "label", "label-free", "labels", "latent", "likelihood", "mask", "mirror", "model", "monitor", "no seed", "noise",
      "numbers", "order", "person", "pixels", "plan", "planted truths", "pool", "portrait", "predictions",
      "pretraining", "privacy", "prompts", "question", "quickstart", "resample", "review", "reviews", "run", "seed",
      "seeds", "shadow", "shuffled membership", "split", "spread", "statistics", "stem", "step", "task", "tokens",
      "translation", "turn", "verification", "weights",
    ]
    #expect(Set(RandomStreamName.allCases.map(\.rawValue)) == pinned)
  }

  @Test("A stream of a purpose is keyed by the spelling of its name, and draws the numbers it always drew")
  func spelling() {
    let key = RandomKey(seed: 13)
    #expect(key[.shadowModels] == key["fleet"])
    #expect(key[.order] == key["order"])
    #expect(key[.order][0].permutation(count: 8) == [4, 1, 5, 0, 7, 6, 3, 2])
  }

  @Test("The arm head draws what it drew when it was called base; other arms draw by their names")
  func arms() {
    let key = RandomKey(seed: 13)[.calibration]
    #expect(key.ofArm("head") == key["base"])
    #expect(key.ofArm("lora-r8") == key["lora-r8"])
  }

  @Test("No source keys a random stream by a name of its own")
  func literals() throws {
    var found: [String] = []
    let sources = Repository.root.appending(path: "Sources").path
    for name in try FileManager.default.subpathsOfDirectory(atPath: sources).sorted() where name.hasSuffix(".swift") {
      let file = "\(sources)/\(name)"
      let lines = try String(contentsOfFile: file, encoding: .utf8).split(
        separator: "\n", omittingEmptySubsequences: false)
      for (number, line) in lines.enumerated() {
        if line.contains(/(?:[kK]ey|RandomKey\(seed: [^\]]*\))(?:\[[^\["\]]*\])*\["/) {
          found.append("\(name):\(number + 1)")
        }
      }
    }
    #expect(found.isEmpty, "add the name to RandomStreamName: \(found.joined(separator: ", "))")
  }
}
