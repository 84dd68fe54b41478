import ExternalEvaluation
import Foundation
import MembershipInference
import Metrics
import Report
import Statistics
import Support
import TestSupport
import Testing

@Suite struct ScoresAttackTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A fleet as a file: six models in complementary pairs, which are not beside each other.
  private func fleet(
    arms: [(name: String, leak: Double)] = [("full", 1.5)], models: Int = 8, items: Int = 60,
    isComplementary: Bool = true,
    change: (inout [[String]]) -> Void = { _ in }
  ) throws -> String {
    var rows = [["arm", "model", "item", "member", "score", "tone"]]
    var masks: [[Bool]] = []
    for model in 0..<models {
      var generator = RandomKey(seed: 1)["mask"][model % (models / 2)].generator
      let isSecond = model >= models / 2
      let mask = (0..<items).map { _ in (generator.uniform() < 0.5) != (isSecond && isComplementary) }
      var other = RandomKey(seed: 1)["other"][model].generator
      masks.append(isSecond && !isComplementary ? mask.map { _ in other.uniform() < 0.5 } : mask)
    }
    for arm in arms {
      for model in 0..<models {
        var generator = RandomKey(seed: 2)[arm.name][model].generator
        for item in 0..<items {
          let score = -4 + 0.3 * generator.normal() + (masks[model][item] ? 0.3 * arm.leak : 0)
          rows.append(
            [
              arm.name, "m\(model)", "secret-\(item)", masks[model][item] ? "1" : "0", "\(score)",
              item % 2 == 0 ? "a" : "",
            ])
        }
      }
    }
    change(&rows)
    return try folder.write(rows.map { $0.joined(separator: ",") }.joined(separator: "\n") + "\n", to: "scores.csv")
  }

  private func report(
    _ file: String, groups: [String] = [], attacks: [Attack]? = nil, target: String? = nil, reference: String? = nil,
    kind: ScoreKind = .logLikelihood
  ) throws -> AttackReport {
    try ScoresAttack(
      ScoresAttack.Settings(
        files: [file], groups: groups, attacks: attacks, target: target, scoreKind: kind, reference: reference,
        minimumGroupSize: 10, name: "fleet")
    ).report()
  }

  private func expect(
    _ words: String..., target: String? = nil, groups: [String] = [], attacks: [Attack]? = nil,
    change: (inout [[String]]) -> Void
  ) throws {
    let file = try fleet(change: change)
    let error = #expect(throws: (any Error).self) {
      try report(file, groups: groups, attacks: attacks, target: target)
    }
    let text = "\(try #require(error))"
    #expect(text.contains("scores.csv"))
    for word in words { #expect(text.contains(word), "\(text)") }
  }

  @Test("Complementary models are found whatever their order, and a planted leak is too")
  func symmetric() throws {
    let study = try report(fleet(), groups: ["tone"]).study
    let found = try #require(study.evaluations.first)
    #expect(found.design == .symmetric && found.cautions == [] && found.models == 8)
    #expect(found.attacks.map(\.attack.name) == ["lira", "lira-offline", "rmia", "loss"])
    #expect(found.attacks[0].groups.map { $0.group?.description ?? "" } == ["tone=a", "tone=(missing)"])
    for attack in found.attacks {
      #expect(try #require(attack.overall.areaUnderCurve.value?.interval.value).lower > 0.6)
    }
  }

  @Test("Models that drew their items independently are attacked; an item that few of them have is named in a note")
  func independent() throws {
    let report = try report(
      fleet(models: 16, isComplementary: false) { rows in
        for row in rows.indices.dropFirst() where rows[row][2] == "secret-3" {
          rows[row][3] = ["m4", "m9"].contains(rows[row][1]) ? "0" : "1"
        }
      })
    let found = report.study.evaluations[0]
    #expect(found.design == .independent && found.cautions == [])
    let leftOut = try #require(found.attacks.first { $0.attack.name == "lira" }?.leftOut)
    #expect(leftOut.scores >= 2)
    let note = try #require(report.allNotes.first { $0.contains("The attack lira on full leaves") })
    #expect(note.contains("of 60 items out"))
    let page = try #require(try report.files().first { $0.path == "report.html" })
    #expect(String(decoding: page.bytes, as: UTF8.self).contains(note))
  }

  @Test("Models that each item is in half of are attacked with a caution, on the page and for the terminal")
  func half() throws {
    let report = try report(
      fleet { rows in
        for row in rows.indices.dropFirst() {
          var generator = RandomKey(seed: 4)["half"][rows[row][2]].generator
          let having = (0..<8).shuffled(using: &generator).prefix(4)
          rows[row][3] = having.contains { "m\($0)" == rows[row][1] } ? "1" : "0"
        }
      })
    #expect(report.study.evaluations[0].design == .independent)
    #expect(report.study.evaluations[0].cautions == [.modelsLeftOut])
    #expect(report.allNotes.contains { $0.contains("left out item by item") }, "\(report.allNotes)")
    let page = try #require(try report.files().first { $0.path == "report.html" })
    #expect(String(decoding: page.bytes, as: UTF8.self).contains("not used as complementary pairs"))
  }

  @Test("Arms on the same items and masks are compared; the reference is full unless another is named")
  func comparison() throws {
    let file = try fleet(arms: [("lora", 0.2), ("full", 2)])
    let study = try report(file, groups: ["tone"]).study
    #expect(study.comparisons.first?.arm == "lora" && study.comparisons.first?.reference == "full")
    #expect(study.familySize == 2)
    #expect(try report(file, reference: "lora").study.comparisons.first?.arm == "full")
    let error = #expect(throws: PredictionsError.self) { try report(file, reference: "base") }
    #expect(try #require(error).description.contains("full, lora"))
  }

  @Test("A released model is attacked by all others; what cannot run is left out with a note")
  func released() throws {
    let file = try fleet { rows in
      for row in rows.indices.dropFirst() where rows[row][1] != "m2" { rows[row][3] = "0" }
    }
    let report = try report(file, target: "m2")
    let found = report.study.evaluations[0]
    #expect(found.design == .released(target: 2))
    #expect(found.attacks.map(\.attack.name) == ["lira-offline", "rmia", "loss"])
    #expect(report.notes.count == 1 && report.notes[0].contains("lira is left out"))
  }

  @Test("A target's complement is not one of its shadow models, because its training set reveals the target's")
  func complementOfTarget() throws {
    let report = try report(fleet(), target: "m2")
    let found = report.study.evaluations[0]
    #expect(found.design == .released(target: 2) && found.models == 7)
    #expect(report.notes.contains { $0.contains("The model m6 of arm full is left out") }, "\(report.notes)")
  }

  @Test("Where one model of a pair is missing, the whole pairs come to what they come to alone, and a note says so")
  func missingPartner() throws {
    let whole = try fleet()
    func rows(without models: [String]) throws -> String {
      let lines = try String(contentsOfFile: whole, encoding: .utf8).split(separator: "\n")
      let kept = lines.filter { line in !models.contains { line.hasPrefix("full,\($0),") } }
      return try folder.write(kept.joined(separator: "\n") + "\n", to: "without-\(models.joined(separator: "-")).csv")
    }
    let missing = try report(rows(without: ["m7"]), attacks: [.lossThreshold, .likelihoodRatio()])
    let pairs = try report(rows(without: ["m3", "m7"]), attacks: [.lossThreshold, .likelihoodRatio()])
    #expect(missing.study.evaluations[0].design == .symmetric && missing.study.evaluations[0].models == 6)
    for (one, other) in zip(missing.study.evaluations[0].attacks, pairs.study.evaluations[0].attacks) {
      #expect(one.overall.areaUnderCurve.value?.value == other.overall.areaUnderCurve.value?.value)
    }
    #expect(missing.notes.contains { $0.contains("The model m3 of arm full is left out") }, "\(missing.notes)")
    #expect(pairs.notes.isEmpty)
  }

  @Test("A score that no model gives is refused, and a released fleet without --target is told of it")
  func unusable() throws {
    try expect("m0", "secret-0", "1e9") { $0[1][4] = "-1e155" }
    try expect("--target") { rows in
      for row in rows.indices.dropFirst() where rows[row][1] != "m2" { rows[row][3] = "0" }
    }
  }

  @Test("Logits give what the scores that belong to them give, and a query of each item twice changes nothing")
  func logits() throws {
    var scored = "model,item,member,score\n"
    var logits = "model,item,member,label,query,logit_b,logit_a\n"
    for model in 0..<6 {
      var generator = RandomKey(seed: 3)[model].generator
      for item in 0..<40 {
        let isMember = ((item >> (model / 2)) & 1 == 1) != (model % 2 == 1)
        let margin = (generator.normal() * 64).rounded() / 64
        scored += "\(model),\(item),\(isMember),\(margin)\n"
        for query in 0..<2 { logits += "\(model),\(item),\(isMember),b,\(query),\(margin),0\n" }
      }
    }
    let files = try [folder.write(scored, to: "s.csv"), folder.write(logits, to: "l.csv")]
    let attacks: [Attack] = [.lossThreshold, .relativeMembership(), .offlineLikelihoodRatio()]
    let found = try zip(files, [ScoreKind.logitScaled, .logLikelihood]).map {
      try report($0, attacks: attacks, kind: $1).study.evaluations[0]
    }
    #expect(found.map(\.queries) == [1, 2])
    for (one, other) in zip(found[0].attacks, found[1].attacks) {
      let areas = try [one, other].map { try #require($0.overall.areaUnderCurve.value).value }
      #expect(abs(areas[0] - areas[1]) < 1e-9)
    }
  }

  @Test("Losses over epochs let the loss trace run; other attacks read the last epoch")
  func epochs() throws {
    var text = "model,item,member,score,epoch\n"
    for model in 0..<6 {
      for item in 0..<40 {
        let isMember = ((item >> (model / 2)) & 1 == 1) != (model % 2 == 1)
        for epoch in [10, 2, 1] {
          let score = isMember ? -3 + 0.2 * Double(epoch) : -2.5 - 0.01 * Double((item * 7 + epoch * 3) % 11)
          text += "\(model),\(item),\(isMember ? "in" : "out"),\(score),\(epoch)\n"
        }
      }
    }
    let found = try report(folder.write(text, to: "e.csv"), attacks: [.lossTrace, .lossThreshold]).study.evaluations[0]
    #expect(found.attacks.allSatisfy { $0.overall.areaUnderCurve.value?.value == 1 })
  }

  @Test("The same rows in another order give the same bytes, and items are named in one file alone")
  func files() throws {
    let first = try report(fleet(), groups: ["tone"]).files()
    let second = try report(
      fleet { rows in rows = [rows[0]] + rows.dropFirst().sorted { $0[4] < $1[4] } }, groups: ["tone"])
    #expect(try second.files() == first)
    let names = first.filter { String(decoding: $0.bytes, as: UTF8.self).contains("secret-") }.map(\.path)
    #expect(names == ["exposed_items.csv"])
  }

  @Test("What is wrong is named with file, line and what was expected")
  func errors() throws {
    try expect("line 1", "no column member") { $0[0][3] = "split" }
    try expect("line 1", "score", "logit_CLASS") { $0[0][4] = "value" }
    try expect("line 1", "no column age", groups: ["age"]) { _ in }
    try expect("line 3", "secret-1", "finite") { $0[2][4] = "nan" }
    try expect("line 3", "member is \"maybe\"", "1 or 0") { $0[2][3] = "maybe" }
    try expect("line 3", "secret-0 occurs twice", "line 2") { $0[2][2] = "secret-0" }
    try expect("model m3 has no score for item secret-59") { $0.remove(at: 4 * 60) }
    try expect("line 62", "group", groups: ["tone"]) { $0[61][5] = "b" }
    try expect("no model m9", "m0, m1", target: "m9") { _ in }
    try expect("0.5", "at most 0", "logit-scaled") { $0[2][4] = "0.5" }
    try expect("model m0 has 60 members") { rows in
      for row in rows.indices.dropFirst() { rows[row][3] = "1" }
    }
    try expect("lira needs 2", attacks: [.likelihoodRatio()]) { rows in rows = Array(rows.prefix(121)) }
    try expect("two or more", attacks: [.lossTrace]) { _ in }
  }

  @Test("One model can still be attacked by its losses")
  func oneModel() throws {
    let report = try report(fleet { rows in rows = Array(rows.prefix(61)) })
    #expect(report.study.evaluations[0].attacks.map(\.attack) == [.lossThreshold])
    #expect(report.notes.count == 3)
  }
}
