import Foundation
import TestSupport
import Testing

/// What a group in need may be helped by, and what becomes of a model after release.
@Suite(.timeLimit(.minutes(45)), .serialized) struct ReleaseTests {
  @Test("The documented remedies and monitoring run as they stand; windows without labels never pass")
  func documented() throws {
    let study = try TinyStudy()
    try study.write(TinyStudy.specification(arms: "[{lora: {rank: 8, alpha: 8}}, full]"), to: "smile.yaml")
    let audit = try Program.run(
      "audit", study.path("smile.yaml"), "--workers", "2", "--output", study.path("smile-audit"))
    #expect(audit.exitCode == 0, "\(audit.errors)")
    try study.write("min_group: 5\nrules:\n  - {metric: accuracy, group: all, at_least: 0.05}\n", to: "policy.yaml")
    let faces = String(decoding: try study.read("data/faces.csv"), as: UTF8.self).split(separator: "\n").map(
      String.init)
    try study.write(faces.joined(separator: "\n") + "\n", to: "data/november.csv")
    let commands = try Documentation.commands(in: "docs/mitigation-and-monitoring.md")
    var outcomes: [Program.Outcome] = []
    for command in commands {
      outcomes.append(try Program(Array(command.dropFirst()), in: study.path("")).wait())
    }
    #expect(commands.map { $0[1] } == ["remedy", "remedy", "monitor"])
    #expect(outcomes[0].exitCode == 0 && outcomes[1].exitCode == 0, "\(outcomes.map(\.errors))")
    #expect(outcomes[0].output.contains("oversampling: every epoch sees lighting=dusk"))
    for name in ["oversampling", "rank-16", "all-layers", "full", "temperature", "threshold"] {
      #expect(outcomes[1].output.contains("  \(name)"), "\(name): \(outcomes[1].output)")
    }
    let place = "smile-audit/remedies/lora-r8/lighting=dusk"
    #expect(try study.files(in: "\(place)/comparison").contains("remedies.csv"))
    try DocumentedOutputs.check(study.path("\(place)/comparison"))
    let report = String(decoding: try study.read("\(place)/comparison/report.html"), as: UTF8.self)
    #expect(report.contains("Tenbin comparison of remedies") && !report.contains("0 worker processes"))
    // What was trained for one group is no remedy for another.
    let second = try Program.run("remedy", study.path("smile-audit"), "--group", "age=old", "--arm", "lora-r8")
    #expect(second.exitCode == 0 && second.output.contains("then the same command again"), "\(second.output)")
    let mixed = try Program.run(
      "remedy", study.path("smile-audit"), "--group", "age=old", "--arm", "lora-r8", "--output", study.path(place))
    #expect(mixed.exitCode == 78 && mixed.errors.contains("was made from another specification"), "\(mixed.errors)")
    let text = String(decoding: try study.read("smile.yaml"), as: UTF8.self)
    try study.write(text.replacing("epochs: 2", with: "epochs: 1"), to: "other.yaml")
    let foreign = try Program.run(
      "remedy", study.path("smile-audit"), "--group", "lighting=dusk", "--arm", "lora-r8", "--specification",
      study.path("other.yaml"))
    #expect(foreign.exitCode == 78, "\(foreign.output)\(foreign.errors)")
    // No prediction changes by a temperature.
    let table = String(decoding: try study.read("\(place)/comparison/remedies.csv"), as: UTF8.self)
    let temperature = try #require(table.split(separator: "\n").first { $0.hasPrefix("temperature,") })
    #expect(temperature.split(separator: ",")[2] == "0.0")
    #expect([0, 3].contains(outcomes[2].exitCode), "\(outcomes[2].output) \(outcomes[2].errors)")

    // Without its labels the same window never gives 0.
    let header = faces[0].split(separator: ",").map(String.init)
    let label = try #require(header.firstIndex(of: "expression"))
    let unlabelled = faces.map { row in
      row.split(separator: ",", omittingEmptySubsequences: false).enumerated().filter { $0.offset != label }
        .map { String($0.element) }.joined(separator: ",")
    }
    try study.write(unlabelled.joined(separator: "\n") + "\n", to: "data/december.csv")
    let named = ["--label", "expression"]
    let blind = try Program(
      commands[2].dropFirst().filter { !named.contains($0) }
        .map { $0 == "data/november.csv" ? "data/december.csv" : $0 } + ["--output", "watched"], in: study.path("")
    ).wait()
    #expect([2, 3].contains(blind.exitCode), "\(blind.output) \(blind.errors)")
    #expect(blind.output.contains("0 labelled"))
    try DocumentedOutputs.check(study.path("watched"))
  }

  @Test("An emphasized group is seen as often as the specification says, and a ledger that holds it is verified")
  func emphasis() throws {
    let study = try TinyStudy()
    let text = TinyStudy.specification(arms: "[full]")
    try study.write(text, to: "plain.yaml")
    try study.write(
      text.replacing("training: {", with: "training: {oversample: [{group: lighting=dusk, repeat: 3}], "),
      to: "more.yaml"
    )
    for name in ["plain", "more"] {
      let audit = try Program.run("audit", study.path("\(name).yaml"), "--workers", "2", "--output", study.path(name))
      #expect(audit.exitCode == 0, "\(audit.errors)")
      let verified = try Program.run("verify", study.path(name), "--strict")
      #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")
    }
    #expect(try study.read("plain/results.json") != study.read("more/results.json"))
  }

  @Test("A remedy for a group or an arm that is not there is refused, and says which there are")
  func refused() throws {
    let study = try TinyStudy()
    try study.write(TinyStudy.specification(arms: "[{lora: {rank: 2}}, full]"), to: "smile.yaml")
    #expect(
      try Program.run("audit", study.path("smile.yaml"), "--workers", "2", "--output", study.path("a")).exitCode == 0)
    for (arguments, problem) in [
      (["--group", "dusk"], "expected COLUMN=VALUE"), (["--group", "lighting=noon"], "there is no group"),
      (["--group", "lighting=dusk", "--arm", "lora-r9"], "there is no trained arm lora-r9"),
    ] {
      let refused = try Program(["remedy", study.path("a")] + arguments).wait()
      #expect(refused.exitCode == 78 && refused.errors.contains(problem), "\(refused.errors)")
    }
    #expect(try Program.run("remedy", study.path("nowhere"), "--group", "a=b").exitCode == 78)
  }
}
