import Foundation
import Testing

/// Designs of fleets, with real processes.
@Suite(.timeLimit(.minutes(45)), .serialized) struct FleetTests {
  private struct Results: Decodable {
    struct Privacy: Decodable {
      struct Arm: Decodable {
        let arm: String
        let design: String
        let models: Int
        let confidence: Double
      }

      struct InterimAnalysis: Decodable {
        let arm: String
        let plannedModels: Int
        let trainedModels: Int
        let reason: String
      }

      struct Comparison: Decodable { let arm: String }

      let arms: [Arm]
      let interimAnalyses: [InterimAnalysis]
      let comparisons: [Comparison]
      let shadowItems: Int?
    }

    let privacy: Privacy
  }

  private func results(_ study: TinyStudy, _ output: String) throws -> Results.Privacy {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Results.self, from: study.read("\(output)/results.json")).privacy
  }

  /// The results of an audit whose coordinator is killed in a fleet, and which is then gone on with.
  private func resultsOfKilled(_ study: TinyStudy, _ specification: String) throws -> Data {
    let arguments = [
      "audit", study.path(specification), "--workers", "2", "--output", study.path("killed"),
    ]
    let started = DispatchSemaphore(value: 0)
    let audit = try Program(arguments, onErrors: { if $0.contains("lora-r2: shadow models") { started.signal() } })
    started.wait()
    kill(audit.identifier, SIGKILL)
    _ = audit.wait()
    let resumed = try Program.run(arguments)
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    return try study.read("killed/results.json")
  }

  private let small = "privacy: {attacks: [lira, loss], models: 6, pool: 60, packed: 4}"

  @Test("A fleet ends at the look that suffices, at the same one with 1 and 3 workers and after a stop")
  func early() throws {
    let study = try TinyStudy()
    // The first is wide enough that some arm ends at the first look; no arm comes to the second.
    for (goal, sizes, name) in [
      ("analyses: [6, 8], half_width: 0.4", "pool: 60", "early"),
      ("analyses: [6], half_width: 0.001", "pool: 200, by_arm: {full: {models: 8}}", "whole"),
    ] {
      try study.write(
        replacing: small,
        with: "privacy: {attacks: [lira, loss], models: 10, \(sizes), packed: 4, "
          + "early_stopping: {\(goal), groups: true}}", to: "\(name).yaml")
    }
    for workers in [1, 3] {
      let outcome = try Program.run(
        "audit", study.path("early.yaml"), "--workers", "\(workers)", "--output", study.path("w\(workers)"))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    let expected = try study.read("w1/results.json")
    #expect(try study.read("w3/results.json") == expected)
    let privacy = try results(study, "w1")
    #expect(privacy.interimAnalyses.map(\.plannedModels) == [10, 10, 10, 10])
    #expect(privacy.interimAnalyses.contains { $0.trainedModels < 10 && $0.reason == "narrow_enough" })
    #expect(privacy.arms.map(\.models) == privacy.interimAnalyses.map(\.trainedModels))
    #expect(privacy.arms.allSatisfy { $0.confidence > 0.95 })
    #expect(!privacy.comparisons.isEmpty)
    let report = String(decoding: try study.read("w1/report.html"), as: UTF8.self)
    #expect(report.contains("of 10 models were enough"))

    let again = try Program.run(
      "audit", study.path("early.yaml"), "--workers", "1", "--output", study.path("w1"))
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(try study.read("w1/results.json") == expected)
    #expect(try Program.run("verify", study.path("w1")).exitCode == 0)

    // Killed in a fleet, and gone on with.
    #expect(try resultsOfKilled(study, "early.yaml") == expected)

    let whole = try Program.run("audit", study.path("whole.yaml"), "--workers", "2", "--output", study.path("whole"))
    #expect(whole.exitCode == 0, "\(whole.errors)")
    #expect(try results(study, "whole").interimAnalyses.map(\.trainedModels) == [10, 10, 10, 8])
    // Arms are compared by every attack, though one has fewer models than the others.
    let table = String(decoding: try study.read("whole/tables/vulnerability_differences.csv"), as: UTF8.self)
    #expect(table.contains(",lira,") && table.contains(",loss,"))
    #expect(whole.errors.contains("tried on all 90 items of the train split, fewer than the 200"), "\(whole.errors)")
  }

  @Test("A released model is attacked by shadow models that never saw the audited items, alike with 1 and 3 workers")
  func released() throws {
    let study = try TinyStudy()
    try study.write(
      replacing: small, with: "privacy: {design: released, attacks: [lira-offline, rmia, loss], models: 6, pool: 40}",
      to: "released.yaml")
    for workers in [1, 3] {
      let outcome = try Program.run(
        "audit", study.path("released.yaml"), "--workers", "\(workers)", "--output", study.path("w\(workers)"))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    #expect(try study.read("w3/results.json") == study.read("w1/results.json"))
    let privacy = try results(study, "w1")
    #expect(privacy.arms.allSatisfy { $0.design.hasPrefix("released") && $0.models == 7 })
    #expect((privacy.shadowItems ?? 0) > 80)
    let rows = String(decoding: try study.read("w1/predictions/shadow-models/full.csv"), as: UTF8.self)
      .split(separator: "\n").dropFirst()
    let released = rows.filter { $0.hasPrefix("full,released,") }
    #expect(released.count { $0.hasPrefix("full,released,1,") } * 2 <= 40 && released.count > 20)
    #expect(rows.count == 7 * released.count)
    #expect(!rows.contains { $0.hasPrefix("full,0,1,") })
    // The table is one that anybody's attack reads, with the same figures.
    let attack = try Program.run(
      "attack", "--scores", study.path("w1/predictions/shadow-models/full.csv"), "--target", "released", "--attacks",
      "lira-offline,rmia,loss", "--groups", "lighting", "--output", study.path("attack"))
    #expect(attack.exitCode == 0, "\(attack.errors)")
  }

  @Test("Mirrored images and two queries: the same bytes with 1 and 3 workers, and an early look at a released model")
  func mirrored() throws {
    let study = try TinyStudy()
    try study.write(
      TinyStudy.specification.replacing(
        small,
        with: "privacy: {design: released, attacks: [lira-offline, loss], models: 8, pool: 40, queries: 2, packed: 2, "
          + "early_stopping: {analyses: [6], half_width: 0.5}}"
      ).replacing("microbatch: 4,", with: "microbatch: 4, flip: 0.5,"), to: "mirrored.yaml")
    for workers in [1, 3] {
      let outcome = try Program.run(
        "audit", study.path("mirrored.yaml"), "--workers", "\(workers)", "--output", study.path("w\(workers)"))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    #expect(try study.read("w3/results.json") == study.read("w1/results.json"))
    let verified = try Program.run("verify", study.path("w3"), "--specification", study.path("mirrored.yaml"))
    #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")
    #expect(try results(study, "w1").interimAnalyses.contains { $0.trainedModels == 6 })
    // An image and its mirror image are not the same to a model, and both were asked for, for every item and model.
    let rows = String(decoding: try study.read("w1/predictions/shadow-models/full.csv"), as: UTF8.self)
      .split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
    let columns = try #require(rows.first)
    let query = try #require(columns.firstIndex(of: "query"))
    let item = try #require(columns.firstIndex(of: "item"))
    let logit = try #require(columns.firstIndex { $0.hasPrefix("logit_") })
    let pairs = Dictionary(grouping: rows.dropFirst()) { "\($0[1]) \($0[item])" }
    #expect(pairs.values.allSatisfy { Set($0.map { $0[query] }) == ["0", "1"] && $0.count == 2 })
    #expect(pairs.values.contains { $0[0][logit] != $0[1][logit] })
    // What is measured on the test items is what models say of images as they are.
    let table = String(decoding: try study.read("w1/predictions/full.csv"), as: UTF8.self)
    #expect(table.hasPrefix("arm,seed,split,item,label,") && !table.contains("query"))
    let attack = try Program.run(
      "attack", "--scores", study.path("w1/predictions/shadow-models/full.csv"), "--target", "released", "--attacks",
      "lira-offline,loss", "--groups", "lighting", "--output", study.path("attack"))
    #expect(attack.exitCode == 0, "\(attack.errors)")

    // Without mirroring other models come out of it.
    try study.write(
      String(decoding: try study.read("mirrored.yaml"), as: UTF8.self).replacing(" flip: 0.5,", with: ""),
      to: "plain.yaml")
    let plain = try Program.run("audit", study.path("plain.yaml"), "--output", study.path("plain"))
    #expect(plain.exitCode == 0, "\(plain.errors)")
    for arm in ["head", "full"] {
      let path = "predictions/\(arm).csv"
      #expect(try study.read("plain/\(path)") != study.read("w1/\(path)"))
    }
  }

  @Test("Losses over the epochs are attacked, with the same bytes whoever computed them and after a kill")
  func traced() throws {
    let study = try TinyStudy()
    try study.write(
      replacing: small,
      with: "privacy: {attacks: [lira, loss], models: 6, pool: 60, packed: 3, "
        + "by_arm: {full: {attacks: [lira, loss-trace]}, lora-r2: {attacks: [loss-trace, loss]}}}", to: "traced.yaml")
    for workers in [1, 3] {
      let outcome = try Program.run(
        "audit", study.path("traced.yaml"), "--workers", "\(workers)", "--output", study.path("w\(workers)"))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    let expected = try study.read("w1/results.json")
    #expect(try study.read("w3/results.json") == expected)
    let verified = try Program.run("verify", study.path("w3"), "--specification", study.path("traced.yaml"))
    #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")

    // Killed in a fleet, and gone on with.
    #expect(try resultsOfKilled(study, "traced.yaml") == expected)

    // Only the arms that are attacked so have epochs, and from their tables anybody comes to the same figures.
    func table(_ arm: String) throws -> [[String]] {
      String(decoding: try study.read("w1/predictions/shadow-models/\(arm).csv"), as: UTF8.self)
        .split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }
    #expect(try !table("head")[0].contains("epoch"))
    let rows = try table("full")
    let epoch = try #require(rows[0].firstIndex(of: "epoch"))
    let epochs = Set(rows.dropFirst().map { $0[epoch] })
    #expect(epochs.count >= 2 && rows.count == 1 + 6 * 60 * epochs.count)
    let attack = try Program.run(
      "attack", "--scores", study.path("w1/predictions/shadow-models/full.csv"), "--attacks", "lira,loss-trace",
      "--output",
      study.path("attack"))
    #expect(attack.exitCode == 0, "\(attack.errors)")
    #expect(try areas(study, "attack", arm: "full") == areas(study, "w1", arm: "full"))
  }

  /// The area under the curve of every attack on an arm, all items together.
  private func areas(_ study: TinyStudy, _ output: String, arm: String) throws -> [String: Double] {
    let json = try #require(
      try JSONSerialization.jsonObject(with: study.read("\(output)/results.json")) as? [String: Any])
    let arms = try #require((json["privacy"] as? [String: Any])?["arms"] as? [[String: Any]])
    let attacks = try #require(arms.first { $0["arm"] as? String == arm }?["attacks"] as? [[String: Any]])
    var areas: [String: Double] = [:]
    for attack in attacks {
      let overall = try #require(attack["overall"] as? [String: Any])
      let area = try #require(overall["area_under_curve"] as? [String: Any])
      areas[try #require(attack["attack"] as? String)] = try #require(area["value"] as? Double)
    }
    return areas
  }
}
