import Foundation
import TestSupport
import Testing

/// Predictions that somebody else made, and the decision on them.
@Suite(.timeLimit(.minutes(45)), .serialized) struct EvaluateTests {
  private func json(_ data: Data) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test("The predictions of an audit, evaluated as somebody else's, come to the audit's own figures")
  func ownPredictions() throws {
    let study = try TinyStudy()
    try study.write(TinyStudy.specification(arms: "[{lora: {rank: 2, alpha: 8}}, full]"), to: "smile.yaml")
    let audit = try Program.run("audit", study.path("smile.yaml"), "--workers", "2", "--output", study.path("audit"))
    #expect(audit.exitCode == 0, "\(audit.errors)")
    let evaluated = try Program.run(
      "evaluate", "--predictions", study.path("audit/predictions/lora-r2.csv"),
      study.path("audit/predictions/full.csv"),
      "--groups", "lighting,age", "--positive", "smiling", "--output", study.path("evaluation"))
    #expect(evaluated.exitCode == 0, "\(evaluated.errors)")
    #expect(evaluated.output.contains("report: "))
    let (own, other) = (try json(study.read("audit/results.json")), try json(study.read("evaluation/results.json")))
    let (evaluations, others) = try (
      #require(own["evaluations"] as? [[String: Any]]), #require(other["evaluations"] as? [[String: Any]])
    )
    #expect(evaluations.count == 2 && others.count == 2)
    for (left, right) in zip(evaluations, others) {
      let (left, right) = try (
        #require(left["over_seeds"] as? [String: Any]), #require(right["over_seeds"] as? [String: Any])
      )
      for part in ["overall", "groups"] {
        let texts = try [left[part], right[part]].map {
          String(
            decoding: try JSONSerialization.data(withJSONObject: try #require($0), options: .sortedKeys), as: UTF8.self)
        }
        #expect(texts[0] == texts[1])
      }
    }
    let estimates = try [own, other].map { document in
      try #require(document["comparisons"] as? [[String: Any]]).compactMap { $0["estimate"] as? Double }
    }
    #expect(estimates[0] == estimates[1] && !estimates[0].isEmpty)
    #expect(try study.files(in: "evaluation").sorted() == ["predictions", "report.html", "results.json", "tables"])
    // An audit's folder is not written over.
    let over = try Program.run(
      "evaluate", "--predictions", study.path("audit/predictions/full.csv"), "--output", study.path("audit"))
    #expect(over.exitCode == 78)
    #expect(over.errors.contains("something other than an evaluation"))
  }

  @Test("The documented evaluation and gate run as they stand, and a gate says by its exit code what the data say")
  func documented() throws {
    let study = try TinyStudy()
    var text = "item,label,logit_no,logit_yes,arm,seed,cluster,lighting,age\n"
    for (arm, wrong) in [("full", 20), ("lora", 3)] {
      for item in 0..<900 {
        let label = item % 2
        let isRight = item % wrong != 0
        let yes = (label == 1) == isRight
        text += "i\(item),\(label == 1 ? "yes" : "no"),0,\(yes ? 2 : -2),\(arm),1,c\(item / 2),"
        text += "\(item % 9 == 0 ? "dusk" : "day"),\(item % 4 == 0 ? "old" : "young")\n"
      }
    }
    try study.write(text, to: "predictions.csv")
    try study.write(try policy(), to: "policy.yaml")
    let commands = try [
      "Predictions", "Policies and the gate", "Several scenarios, and how much data a question needs",
    ]
    .flatMap { try Documentation.commands(in: "docs/external-models.md", section: $0) }
    var outcomes: [Program.Outcome] = []
    for command in commands {
      if command[1] == "compare" {
        try FileManager.default.copyItem(atPath: study.path("evaluation"), toPath: study.path("evaluation-2"))
        let same = try Program(Array(command.dropFirst()), in: study.path("")).wait()
        #expect(same.exitCode == 78 && same.errors.contains("the same audit or evaluation"), "\(same.errors)")
        // Another plan is another scenario.
        let results = String(decoding: try study.read("evaluation-2/results.json"), as: UTF8.self)
        try study.write(results.replacing("\"hash\": \"", with: "\"hash\": \"0"), to: "evaluation-2/results.json")
      }
      outcomes.append(try Program(Array(command.dropFirst()), in: study.path("")).wait())
    }
    #expect(commands.map { $0[1] } == ["evaluate", "gate", "gate", "compare", "power", "power"])
    #expect(outcomes.map(\.exitCode) == [0, 2, 2, 0, 0, 0], "\(outcomes.map(\.errors))")
    #expect(outcomes[1].output.contains("the policy is broken, which was chosen afterwards"))
    #expect(outcomes[1].output.contains("broken: lora, age=old: difference in accuracy"))
    #expect(outcomes[2].output.contains("方針に反しています"))
    #expect(outcomes[3].output.contains("lora: worse in some group of every scenario"))
    #expect(outcomes[4].output.contains("items detect the difference with a power of 80.0 % or more"))
    #expect(outcomes[5].output.contains("seeds"), "\(outcomes[5].output)")
    let report = String(decoding: try study.read("evaluation/report.html"), as: UTF8.self)
    #expect(report.contains("old × dusk"))

    // Given with the evaluation, the policy is fixed with it; without a folder nothing is written.
    let fixed = ["evaluate", "--predictions", "predictions.csv", "--groups", "lighting,age", "--policy", "policy.yaml"]
    let shown = try Program(fixed, in: study.path("")).wait()
    #expect(shown.exitCode == 0 && shown.output.hasPrefix("the policy is broken; "), "\(shown.output) \(shown.errors)")
    #expect(!shown.output.contains("report: "))
    #expect(try Program(fixed + ["--output", "fixed"], in: study.path("")).wait().exitCode == 0)
    for policy in [[], ["--policy", study.path("policy.yaml")]] {
      let gate = try Program.run(["gate", study.path("fixed")] + policy)
      #expect(gate.exitCode == 2 && !gate.output.contains("afterwards"), "\(gate.output) \(gate.errors)")
    }
    let twice = try Program.run("evaluate", "--predictions", study.path("predictions.csv"), "--groups", "age,age")
    #expect(twice.exitCode == 64 && twice.errors.contains("--groups names the column age twice"))

    let unknown = "rules:\n  - {metric: accuracy, group: age=ancient, at_least: 0.5}\n"
    let met = "rules:\n  - {metric: accuracy, group: all, at_least: 0.5}\n"
    let unclear = "rules:\n  - {metric: accuracy, group: all, at_least: 0.66}\n"
    for (policy, code) in [(met, 0), (unclear, 3), ("rules: []\n", 78), (unknown, 78)] {
      try study.write(policy, to: "other.yaml")
      let gate = try Program.run("gate", study.path("evaluation"), "--policy", study.path("other.yaml"))
      #expect(gate.exitCode == code, "\(gate.output) \(gate.errors)")
    }
    #expect(try Program.run("gate", study.path("evaluation")).errors.contains("no policy was fixed before the run"))
    #expect(try Program.run("gate", study.path("nowhere")).exitCode == 78)
  }

  /// The policy that the documentation shows.
  private func policy() throws -> String {
    try Documentation.block(of: "yaml", beginning: "owner:", in: "docs/external-models.md")
  }

  @Test("A policy in the specification is part of the plan, opens the report, and is what the gate judges")
  func fixed() throws {
    let study = try TinyStudy()
    let text = TinyStudy.specification(arms: "[full]").replacing("epochs: 2", with: "epochs: 1")
    try study.write(
      text + "policy:\n  min_group: 5\n  rules:\n    - {metric: accuracy, group: all, at_least: 0.999}\n",
      to: "smile.yaml")
    let audit = try Program.run("audit", study.path("smile.yaml"), "--workers", "1", "--output", study.path("a"))
    #expect(audit.exitCode == 0, "\(audit.errors)")
    let gate = try Program.run("gate", study.path("a"))
    #expect(gate.exitCode == 2, "\(gate.output) \(gate.errors)")
    #expect(gate.output.hasPrefix("the policy is broken; "))
    let report = String(decoding: try study.read("a/report.html"), as: UTF8.self)
    #expect(report.contains("The policy is broken; "))
    // Another policy would be another plan.
    try study.write(
      text + "policy:\n  min_group: 5\n  rules:\n    - {metric: accuracy, group: all, at_least: 0.1}\n",
      to: "smile.yaml")
    let other = try Program.run("audit", study.path("smile.yaml"), "--workers", "1", "--output", study.path("a"))
    #expect(other.exitCode == 78, "\(other.errors)")
  }

  @Test(
    "Two real networks have the accuracy, calibration error, Brier score and log loss that were published",
    .enabled(
      if: Repository.hasPublishedData("cifar-calibration") && Repository.hasPython,
      Comment(rawValue: Repository.needsPublishedData("cifar-calibration"))),
    arguments: [
      // Its log loss was published as .37780, with probabilities below 1e-12 raised to that: one item has 2.6e-14.
      ("wideresnet-16-4-cifar-10", [0.9109, 0.05372, 0.14387, 0.37817]),
      ("lenet-5-cifar-10", [0.5308, 0.10789, 0.61415, 1.36987]),
    ])
  func realNetworks(network: String, published: [Double]) throws {
    let study = try TinyStudy()
    let root = Repository.root
    let process = Process()
    process.executableURL = root.appending(path: ".python/bin/python")
    process.arguments = [
      root.appending(path: "scripts/oracles/cifar_calibration.py").path,
      "\(try #require(Repository.publishedData))/cifar-calibration/\(network).npz", study.path("p.csv"),
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let outcome = try Program.run("evaluate", "--predictions", study.path("p.csv"), "--output", study.path("e"))
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let evaluation = try #require((try json(study.read("e/results.json"))["evaluations"] as? [[String: Any]])?.first)
    let calibration = try #require((evaluation["calibration"] as? [String: Any])?["overall"] as? [String: Any])
    let found = ["accuracy", "expected_calibration_error", "multiclass_brier", "negative_log_likelihood"].compactMap {
      calibration[$0] as? Double ?? (calibration[$0] as? [String: Any])?["value"] as? Double
    }
    #expect(found.count == 4)
    for (value, (expected, digits)) in zip(found, zip(published, [1e4, 1e5, 1e5, 1e5])) {
      #expect((value * digits).rounded() / digits == expected, "\(network): \(value), published \(expected)")
    }
  }
}
