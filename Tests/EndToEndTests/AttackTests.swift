import Foundation
import Support
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(45))) struct AttackTests {
  /// Scores of a fleet, by pairs of complementary masks: members score higher, those of one group more so.
  private func scores(
    arm: String, model name: (Int) -> String, models: Int, isMember: (_ model: Int, _ item: Int) -> Bool
  ) -> String {
    var generator = RandomKey(seed: 7)["scores"].generator
    var text = "arm,model,item,member,score,lighting,age\n"
    for model in 0..<models {
      for item in 0..<200 {
        let member = isMember(model, item)
        let gain = member ? (item % 4 == 0 ? 3.0 : 0.5) : 0
        let score = min(-0.001, -3 + 0.5 * generator.normal() + 0.4 * gain)
        text += "\(arm),\(name(model)),i\(item),\(member ? 1 : 0),\(score),\(item % 4 == 0 ? "dusk" : "day"),"
        text += "\(item % 3 == 0 ? "old" : "young")\n"
      }
    }
    return text
  }

  @Test("The documented attacks on external models run as they stand, and find the group that is exposed most")
  func documented() throws {
    let study = try TinyStudy()
    func half(_ model: Int, _ item: Int) -> Bool {
      var generator = RandomKey(seed: 1)["mask"][model / 2][item].generator
      return (generator.uniform() < 0.5) == (model % 2 == 0)
    }
    for arm in ["full", "lora"] {
      try study.write(scores(arm: arm, model: { "m\($0)" }, models: 8, isMember: half), to: "\(arm).csv")
    }
    try study.write(
      scores(arm: "model", model: { $0 == 0 ? "released" : "shadow-\($0)" }, models: 9) { $0 == 0 && $1 % 2 == 0 },
      to: "scores.csv")
    let commands = try Documentation.commands(in: "docs/external-models.md", section: "Attacks")
    #expect(commands.map { $0[1] } == ["attack", "attack"])
    for (number, command) in commands.enumerated() {
      var arguments = Array(command.dropFirst())
      // Each in a folder of its own.
      arguments[arguments.count - 1] += "-\(number)"
      let outcome = try Program(arguments, in: study.path("")).wait()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    let results = try #require(
      try JSONSerialization.jsonObject(with: try study.read("attack-0/results.json")) as? [String: Any])
    let text = String(decoding: try study.read("attack-0/results.json"), as: UTF8.self)
    #expect(results["kind"] as? String == "attack")
    #expect(text.contains("lira") && text.contains("dusk"))
    try study.write("rules:\n  - {metric: attack_area, group: all, at_most: 0.6}\n", to: "policy.yaml")
    let gate = try Program.run("gate", study.path("attack-0"), "--policy", study.path("policy.yaml"))
    #expect(gate.exitCode != 0 && gate.errors.contains("holds an attack on external scores"), "\(gate.errors)")
    try DocumentedOutputs.check(study.path("attack-0"))
    for folder in ["attack-0", "attack-1"] {
      let report = String(decoding: try study.read("\(folder)/report.html"), as: UTF8.self)
      #expect(report.contains("<!DOCTYPE html>") && !report.contains("i17<"))
      let exposed = String(decoding: try study.read("\(folder)/exposed_items.csv"), as: UTF8.self)
      #expect(exposed.contains("i"))
    }
  }

  @Test(
    "Scores that cannot be attacked are refused with file and line, and an unknown attack with those that there are")
  func bad() throws {
    let study = try TinyStudy()
    try study.write("model,item,member,score\nm,a,1,0.5\nm,a,1,0.5\n", to: "twice.csv")
    let twice = try Program.run("attack", "--scores", study.path("twice.csv"), "--output", study.path("x"))
    #expect(twice.exitCode == 78 && twice.errors.contains("twice.csv"), "\(twice.errors)")
    let unknown = try Program.run(
      "attack", "--scores", study.path("twice.csv"), "--attacks", "guess", "--output", study.path("x"))
    #expect(unknown.exitCode != 0 && unknown.errors.contains("loss-trace"), "\(unknown.errors)")
  }
}
