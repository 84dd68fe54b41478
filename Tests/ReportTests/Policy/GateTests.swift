import Foundation
import Report
import Specification
import Testing

@Suite struct GateTests {
  /// Two arms of which one is compared with the other, in two groups; only what policies can speak of.
  private func results(
    policy: String = "null",
    privacy: String = "{\"undefined\": \"membership inference was not measured\", \"n\": 0}"
  ) throws -> Results {
    func share(_ value: Double, _ half: Double, _ n: Int) -> String {
      "{\"successes\": 1, \"n\": \(n), \"effective_n\": \(n), \"value\": \(value), "
        + "\"interval\": {\"lower\": \(value - half), \"upper\": \(value + half)}}"
    }
    func rates(_ group: String, _ accuracy: Double, _ n: Int) -> String {
      "{\"group\": \(group), \"n\": \(n), \"clusters\": \(n), \"accuracy\": \(share(accuracy, 0.05, n)), "
        + "\"true_positive_rate\": {\"undefined\": \"no positives\", \"n\": \(n)}, "
        + "\"false_positive_rate\": \(share(0.1, 0.05, n)), \"selection_rate\": \(share(0.5, 0.1, n)), "
        + "\"precision\": \(share(0.8, 0.1, n)), "
        + "\"f1\": {\"value\": 0.8, \"interval\": {\"undefined\": \"one cluster\", \"n\": 1}}}"
    }
    func calibration(_ group: String, _ n: Int) -> String {
      "{\"group\": \(group), \"n\": \(n), "
        + "\"signed_gap\": {\"value\": 0.02, \"interval\": {\"lower\": -0.01, \"upper\": 0.05}}}"
    }
    let (a, b) = ("{\"column\": \"light\", \"value\": \"dusk\"}", "{\"column\": \"light\", \"value\": \"day\"}")
    func arm(_ name: String, _ accuracy: Double) -> String {
      "{\"arm\": \"\(name)\", \"over_seeds\": {\"overall\": \(rates("null", accuracy, 300)), "
        + "\"groups\": [\(rates(a, accuracy - 0.1, 40)), \(rates(b, accuracy, 260))]}, "
        + "\"calibration\": {\"overall\": \(calibration("null", 300)), "
        + "\"groups\": [\(calibration(a, 40)), \(calibration(b, 260))]}}"
    }
    func comparison(_ group: String, _ lower: Double, _ upper: Double, _ n: Int) -> String {
      "{\"arm\": \"lora\", \"reference\": \"full\", \"group\": \(group), \"n\": \(n), "
        + "\"estimate\": \((lower + upper) / 2), \"interval\": {\"lower\": \(lower), \"upper\": \(upper)}}"
    }
    let text = """
      {"name": "x", "groups": [{"column": "light", "value": "dusk", "n": 40}, {"column": "light", "value": "day", "n": 260}],
       "evaluations": [\(arm("lora", 0.8)), \(arm("full", 0.9))],
       "comparisons": [\(comparison("null", -0.05, -0.01, 300)), \(comparison(a, -0.2, -0.1, 40)),
         \(comparison(b, -0.02, 0.01, 260))],
       "privacy": \(privacy), "policy": \(policy)}
      """
    return try Results(partial: text)
  }

  @Test(
    "An attack's area is judged by the attack that the report shows: the rule's, the likelihood ratio, or the first")
  func attackArea() throws {
    func attack(_ name: String, _ area: Double) -> String {
      "{\"attack\": \"\(name)\", \"groups\": [], \"overall\": {\"group\": null, \"n\": 300, \"area_under_curve\": "
        + "{\"value\": \(area), \"interval\": {\"lower\": \(area - 0.01), \"upper\": \(area + 0.01)}}}}"
    }
    func outcome(_ attacks: [String], rule: String?) throws -> Judgement.Outcome? {
      let arms = ["lora", "full"].map { "{\"arm\": \"\($0)\", \"attacks\": [\(attacks.joined(separator: ", "))]}" }
      let decision = rule.map { "{\"attack\": \"\($0)\"}" } ?? "null"
      let results = try results(privacy: "{\"arms\": [\(arms.joined(separator: ", "))], \"decision\": \(decision)}")
      let rules = "min_group: 30\narms: [lora]\nrules: [{metric: attack_area, group: all, at_most: 0.6}]\n"
      return try Policy(yaml: rules, file: "policy.yaml").judge(results).first?.outcome
    }
    #expect(try outcome([attack("loss", 0.5)], rule: nil) == .met)
    #expect(try outcome([attack("lira-offline", 0.7), attack("loss", 0.5)], rule: nil) == .broken)
    #expect(try outcome([attack("loss", 0.5), attack("lira:center=median", 0.7)], rule: nil) == .broken)
    #expect(try outcome([attack("lira", 0.7), attack("loss", 0.5)], rule: "loss") == .met)
  }

  @Test("A limit that no share can reach is refused, and a difference may lie below 0")
  func limits() throws {
    for rule in [
      "accuracy, at_least: -0.1", "f1, at_most: 1.5", "attack_area, at_most: -1", "signed_gap, at_most: 1.1",
    ] {
      #expect(throws: SpecificationError.self) { try outcomes("  - {metric: \(rule), group: all}") }
    }
    #expect(try outcomes("  - {metric: signed_gap, group: all, at_least: -0.1}").map(\.outcome) == [.met])
  }

  @Test("Figures that no share can have are refused as damage, and never a trap where they are shown")
  func damaged() throws {
    for value in ["1e300", "-1e300", "17"] {
      let text = """
        {"name": "x", "groups": [], "evaluations": [], "privacy": {"undefined": "none", "n": 0}, "comparisons": [
          {"arm": "a", "reference": "b", "group": null, "n": 9, "estimate": \(value),
           "interval": {"lower": -0.1, "upper": 0.1}}]}
        """
      #expect(throws: DecodingError.self) { try Results(partial: text) }
    }
    #expect(Judgement.text(1e300) == "1e+300" && Judgement.text(-1e300) == "−1e+300")
    #expect(Judgement.text(.infinity) == "inf" && Judgement.text(.nan) == "nan")
    #expect(Judgement.text(-0.0125) == "−0.013")
  }

  private func outcomes(_ rules: String, minimum: Int = 30) throws -> [Judgement] {
    let policy = try Policy(yaml: "min_group: \(minimum)\nrules:\n\(rules)\n", file: "policy.yaml")
    return policy.judge(try results())
  }

  @Test("A demand is judged by the bound of the interval, not by the point")
  func bounds() throws {
    func outcome(_ rule: String) throws -> [Judgement.Outcome] {
      try outcomes("  - {metric: accuracy, group: all, \(rule)}").map(\.outcome)
    }
    // .8 within [.75, .85]
    #expect(try outcome("at_least: 0.74") == [.met])
    #expect(try outcome("at_least: 0.75") == [.met])
    #expect(try outcome("at_least: 0.78") == [.insufficient])
    #expect(try outcome("at_least: 0.84") == [.insufficient])
    #expect(try outcome("at_least: 0.86") == [.broken])
    #expect(try outcome("at_most: 0.86") == [.met])
    #expect(try outcome("at_most: 0.8") == [.insufficient])
    #expect(try outcome("at_most: 0.74") == [.broken])
    // The difference lies in [-.05, -.01].
    #expect(try outcome("margin: 0.06") == [.met])
    #expect(try outcome("margin: 0.03") == [.insufficient])
    #expect(try outcome("margin: 0.005") == [.broken])
  }

  @Test("Every group is judged by itself, small ones are not, and what is undefined does not suffice")
  func groups() throws {
    let every = try outcomes("  - {metric: accuracy, margin: 0.03}")
    #expect(every.map(\.group) == ["light=dusk", "light=day"])
    #expect(every.map(\.outcome) == [.broken, .met])
    let small = try outcomes("  - {metric: accuracy, margin: 0.03}", minimum: 41)
    #expect(small.map(\.outcome) == [.insufficient, .met])
    #expect(small[0].reason == "40 items, minimum 41")
    let undefined = try outcomes("  - {metric: true_positive_rate, group: light=day, at_least: 0.5}")
    #expect(undefined.map(\.reason) == ["no positives"])
    #expect(try outcomes("  - {metric: f1, group: all, at_least: 0.1}").map(\.reason) == ["one cluster"])
    #expect(
      try outcomes("  - {metric: attack_area, group: all, at_most: 0.6}").map(\.reason)
        == ["membership inference was not measured"])
    #expect(
      try outcomes("  - {metric: accuracy, group: light=noon, at_least: 0.1}").map(\.reason) == [
        "there is no group light=noon"
      ])
    #expect(try outcomes("  - {metric: signed_gap, group: all, at_most: 0.06}").map(\.outcome) == [.met])
  }

  @Test("The whole is as good as its worst part, and says so by its exit code, in two languages")
  func whole() throws {
    func outcome(_ rules: String, afterwards: Bool = false) throws -> GateOutcome {
      GateOutcome(
        policy: try Policy(yaml: "owner: Sato\ndeadline: 2027-03-01\nmin_group: 1\nrules:\n\(rules)\n", file: "p"),
        results: try results(),
        isChosenAfterwards: afterwards)
    }
    let met = "  - {metric: accuracy, group: all, at_least: 0.7}"
    let broken = "  - {metric: accuracy, group: all, at_least: 0.9}"
    let open = "  - {metric: accuracy, group: all, at_least: 0.8}"
    #expect(try outcome(met).exitCode == 0)
    #expect(try outcome(met + "\n" + open).exitCode == 3)
    #expect(try outcome(open + "\n" + broken + "\n" + met).exitCode == 2)
    let lines = try outcome(met + "\n" + broken, afterwards: true).lines(in: .english)
    #expect(
      lines == [
        "the policy is broken, which was chosen afterwards; 1 met, 0 without enough data, 1 broken; owner: Sato; deadline: 2027-03-01",
        "broken: lora, all items: accuracy 0.800 [0.750, 0.850], at least 0.900 is demanded",
        "met: lora, all items: accuracy 0.800 [0.750, 0.850], at least 0.700 is demanded",
      ])
    // The figure of a margin is a difference.
    let margin = "  - {metric: accuracy, group: all, margin: 0.03}"
    #expect(try outcome(margin).lines(in: .english)[1].contains("lora, all items: difference in accuracy "))
    #expect(try outcome(margin).lines(in: .japanese)[1].contains("正解率の差 "))
    let japanese = try outcome(open).lines(in: .japanese)
    #expect(japanese[0].hasPrefix("方針を判定するにはデータが足りません"))
    #expect(japanese[1] == "データ不足：lora, 全件：正解率 0.800 [0.750, 0.850]、要件は 0.800 以上")
  }

  @Test("The policy that was fixed is read back from the results as it was written")
  func roundTrip() throws {
    let policy = try Policy(
      yaml: """
        owner: Sato
        arms: [lora]
        rules:
          - {metric: accuracy, margin: 0.03}
          - {metric: precision, group: light=dusk, at_least: 0.5}
          - {metric: signed_gap, group: all, at_most: 0.1}
        """, file: "p")
    let encoded = String(decoding: try JSONEncoder().encode(policy), as: UTF8.self)
    #expect(try results(policy: "{\"fixed\": \(encoded), \"judgements\": []}").policy?.policy == policy)
    #expect(try results().policy == nil)
  }

  @Test("Scenarios agree where all of them harm some group, or none does; else they disagree or do not decide")
  func scenarios() throws {
    let (within, harm, open) = ("within_margin", "difference_confirmed", "not_enough_data")
    let because = ", \"because\": \"interval_too_wide\", \"more_items\": null"
    func scenario(_ verdicts: [(String, Double)]) throws -> Results {
      let comparisons = verdicts.enumerated().map { index, entry in
        "{\"arm\": \"lora\", \"reference\": \"full\", \"group\": {\"column\": \"g\", \"value\": \"\(index)\"}, \"n\": 9, "
          + "\"estimate\": \(entry.1), \"interval\": {\"lower\": -0.2, \"upper\": 0.2}, "
          + "\"verdict\": {\"verdict\": \"\(entry.0)\"\(entry.0 == open ? because : "")}}"
      }
      // Results of one plan would count as one scenario.
      let hash = verdicts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
      let text = """
        {"name": "x", "plan": {"hash": "\(hash)"}, "groups": [], "evaluations": [], "policy": null,
         "privacy": {"undefined": "x", "n": 0},
         "comparisons": [\(comparisons.joined(separator: ", "))]}
        """
      return try Results(partial: text)
    }
    func agreement(_ scenarios: [[(String, Double)]]) throws -> ScenarioComparison.Agreement {
      ScenarioComparison(try scenarios.enumerated().map { ("s\($0)", try scenario($1)) }).agreement(of: "lora")
    }
    #expect(try agreement([[(within, 0)], [(within, -0.01), (within, 0.1)]]) == .within)
    #expect(try agreement([[(harm, -0.1)], [(within, 0), (harm, -0.1)]]) == .worse)
    #expect(try agreement([[(harm, -0.1)], [(within, 0)]]) == .disagree)
    #expect(try agreement([[(harm, -0.1)], [(within, 0), (open, 0)]]) == .open)
    #expect(try agreement([[(harm, 0.1)], [(within, 0)]]) == .open)
    let two = try [("a", scenario([(harm, -0.1), (within, 0)])), ("bc", scenario([(open, 0.014)]))]
    #expect(
      ScenarioComparison(two).lines == [
        "lora: the scenarios together do not decide",
        "  a   of 2 groups 1 within the margin, 1 worse, 0 better, 0 undecided; "
          + "worst g=0: −10.0 points [−20.0, +20.0] against full",
        "  bc  of 1 group 0 within the margin, 0 worse, 0 better, 1 undecided; "
          + "worst g=0: +1.4 points [−20.0, +20.0] against full",
      ])
  }

  @Test("The same audit twice is one scenario, and scenarios without an arm are named")
  func scenariosLeftOut() throws {
    func scenario(_ hash: String, reference: String? = "full") throws -> Results {
      let comparison = reference.map { reference in
        "{\"arm\": \"lora\", \"reference\": \"\(reference)\", \"n\": 9, "
          + "\"group\": {\"column\": \"g\", \"value\": \"a\"}, \"estimate\": 0, "
          + "\"interval\": {\"lower\": -0.02, \"upper\": 0.02}, "
          + "\"verdict\": {\"verdict\": \"within_margin\"}}"
      }
      let text = """
        {"name": "x", "plan": {"hash": "\(hash)"}, "groups": [], "evaluations": [], "policy": null,
         "privacy": {"undefined": "x", "n": 0}, "comparisons": [\(comparison ?? "")]}
        """
      return try Results(partial: text)
    }
    let comparison = try ScenarioComparison([
      ("a", scenario("11")), ("copy", scenario("11")), ("b", scenario("22", reference: "base")),
      ("c", scenario("33", reference: nil)),
    ])
    #expect(comparison.scenarios == ["a", "b", "c"])
    #expect(comparison.findings.map(\.scenario) == ["a", "b"])
    #expect(
      comparison.notes == [
        "copy holds the same as a (plan 11…): they count as one scenario",
        "c compares no arm with another in any group, and is not used here",
      ])
    #expect(
      comparison.lines.first
        == "lora: within the margin in every group of every scenario (compared with different arms: full, base)")
    let alone = try ScenarioComparison([("a", scenario("11")), ("c", scenario("33", reference: nil))])
    #expect(alone.lines.first == "lora: compared in one scenario alone, which agrees with no other")
  }

  @Test("What a policy names and results do not know is told with its key; what was too small to stand alone is known")
  func subjects() throws {
    func problem(_ text: String, _ subjects: PolicySubjects) throws -> PolicyProblem? {
      try Policy(yaml: text, file: "p").problem(among: subjects)
    }
    let results = try results().subjects
    let arm = try problem("arms: [lora, lara]\nrules:\n  - {metric: f1, at_least: 0.5}", results)
    #expect(arm?.key == "arms[1]" && arm?.problem == "there is no arm lara; expected one of: lora, full")
    let unknown = try problem(
      "rules:\n  - {metric: f1, at_least: 0.5}\n  - {metric: f1, group: light=noon, at_least: 0.5}", results)
    #expect(unknown?.key == "rules[1].group" && unknown?.problem.contains("light=dusk, light=day") == true)
    #expect(try problem("rules:\n  - {metric: accuracy, margin: 0.03}", results) == nil)
    let alone = PolicySubjects(arms: ["lora"], comparedArms: [], attackedArms: [])
    #expect(try problem("rules:\n  - {metric: accuracy, margin: 0.03}", alone)?.key == "rules[0].margin")
    #expect(try problem("rules:\n  - {metric: attack_area, at_most: 0.6}", alone)?.key == "rules[0].metric")
  }

  @Test("Digits suffice to see why a demand is not met, and reasons are in the language of the lines")
  func lines() throws {
    func judgement(_ lower: Double, _ upper: Double, _ limit: Double, reason: String? = nil) -> Judgement {
      Judgement(
        arm: "lora", group: nil, rule: .init(metric: .signedGap, groups: .all, demand: .atMost(limit)),
        outcome: .insufficient, figure: Figure(value: 0.003, lower: lower, upper: upper, n: 1), reason: reason)
    }
    #expect(
      judgement(-0.011, 0.01704, 0.017).line(in: .english)
        == "not enough data: lora, all items: confidence minus accuracy 0.003 [−0.011, 0.01704], "
        + "at most 0.01700 is demanded")
    #expect(judgement(-0.011, 0.0171, 0.01).line(in: .english).contains("0.003 [−0.011, 0.017], at most 0.010"))
    #expect(judgement(0, 1, 0.5, reason: "1 item, minimum 30").line(in: .japanese).hasSuffix("（1 件、最小 30 件）"))
    let small = try outcomes("  - {metric: accuracy, group: light=dusk, at_least: 0.5}", minimum: 41)
    #expect(small[0].line(in: .japanese).hasSuffix("（40 件、最小 41 件）"))
    let undefined = try outcomes("  - {metric: true_positive_rate, group: light=day, at_least: 0.5}")
    #expect(undefined[0].line(in: .japanese).hasSuffix("（陽性の項目がありません）"))
  }

  @Test(
    "A policy that cannot be is refused with its line",
    arguments: [
      ("rules: []", "rules: the list is empty"),
      ("rules:\n  - {metric: kindness, at_least: 1}", "rules[0].metric"),
      ("rules:\n  - {metric: accuracy}", "expected one of at_least, at_most and margin"),
      ("rules:\n  - {metric: accuracy, at_least: 0.5, at_most: 0.9}", "expected one of at_least, at_most and margin"),
      ("rules:\n  - {metric: f1, margin: 0.03}", "a margin is about accuracy"),
      ("rules:\n  - {metric: f1, group: dusk, at_least: 0.03}", "expected all, every or COLUMN=VALUE"),
      ("rules:\n  - {metric: f1, at_least: 70}", "expected a number from 0.0 to 1.0, found 70"),
      ("owners: x\nrules:\n  - {metric: f1, at_least: 0.7}", "unknown key"),
    ])
  func refused(text: String, problem: String) {
    #expect {
      try Policy(yaml: text, file: "policy.yaml")
    } throws: { error in
      "\(error)".contains(problem) && "\(error)".contains("policy.yaml")
    }
  }
}
