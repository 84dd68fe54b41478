import ExternalEvaluation
import Foundation
import Metrics
import Report
import TestSupport
import Testing

/// What predictions are refused for before anything is computed, and what is written with them.
@Suite struct PredictionsChecksTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func evaluation(
    _ text: String, groups: [String] = [], combine: [[String]] = []
  ) throws -> PredictionsEvaluation {
    try PredictionsEvaluation(
      PredictionsEvaluation.Settings(
        files: [try folder.write(text, to: "p.csv")], groups: groups, intersections: combine,
        rule: DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 2), name: "p"))
  }

  private func expectRefusal(
    _ text: String, groups: [String] = [], combine: [[String]] = [], saying words: [String],
    location: SourceLocation = #_sourceLocation
  ) {
    do {
      _ = try evaluation(text, groups: groups, combine: combine)
      Issue.record("was not refused", sourceLocation: location)
    } catch {
      for word in words { #expect("\(error)".contains(word), "\(error)", sourceLocation: location) }
    }
  }

  @Test("An item or a cluster that is in both splits is refused with its file, its line and its other line")
  func bothSplits() throws {
    let header = "item,label,split,logit_0,logit_1,cluster\n"
    expectRefusal(
      header + "a,0,test,1,0,p\nb,1,test,0,1,q\na,0,validation,1,0,r\n",
      saying: ["p.csv, line 4: item a is of the split validation here, and of test in line 2"])
    expectRefusal(
      header + "a,0,validation,1,0,p\nb,1,test,0,1,q\nc,0,test,1,0,p\n",
      saying: ["p.csv, line 4: cluster p is of the split test here, and of validation in line 2"])
    // Items without a cluster belong to nobody.
    _ = try evaluation(header + "a,0,validation,1,0,\nb,1,test,0,1,\n")
  }

  @Test("Groups that differ and would be called the same are refused with the line of one of them")
  func sameNames() throws {
    let header = "item,label,logit_0,logit_1,g,h\n"
    func rows(_ cells: [String]) -> String {
      header + cells.enumerated().map { "i\($0),\($0 % 2),0,1,\($1)\n" }.joined()
    }
    let combined = rows(["a × b,c", "x,y", "a,b × c"])
    expectRefusal(
      combined, groups: ["g", "h"], combine: [["g", "h"]],
      saying: ["line 4", "\"a\" and \"b × c\" together are called \"a × b × c\"", "in line 2"])
    _ = try evaluation(combined, groups: ["g", "h"])
    expectRefusal(
      rows(["smaller ones of g × h,c", "a,b"]).replacing("smaller ones of g × h,c", with: "smaller ones of g,h"),
      groups: ["g", "h"], combine: [["g", "h"]], saying: ["line 2", "too small to stand alone"])
    expectRefusal(
      rows([",c", "(missing),c"]), groups: ["g"], saying: ["line 3", "column g holds (missing)", "line 2"])
    _ = try evaluation(rows(["(missing),c", "a,c"]), groups: ["g"])
    expectRefusal(
      rows(["a;b,c", "not a,c"]), groups: ["g"], saying: ["line 3", "the tag \"not a\"", "without the tag \"a\""])
    _ = try evaluation(rows(["a,c", "not a,c"]), groups: ["g"])
    expectRefusal(
      "item,label,logit_0,logit_1,g × h\na,0,0,1,x\n", groups: ["g × h"], saying: ["line 1", "rename it"])
  }

  @Test("A column or a combination that is named twice is an error of usage that names the option")
  func namedTwice() throws {
    let options = try GroupOptions(groups: "age, light", combine: ["age+light"])
    #expect(options.groups == ["age", "light"] && options.combinations == [["age", "light"]])
    for (groups, combine, words) in [
      ("g,g", [], "--groups names the column g twice"), ("g,h", ["g+h", "g+h"], "--combine g+h"),
      ("g,h", ["g+h", "h+g"], "--combine h+g"), ("g", ["g+g"], "--combine g+g: expected two or three different"),
      ("a,b,c,d", ["a+b+c+d"], "--combine a+b+c+d: expected two or three"),
    ] {
      #expect { try GroupOptions(groups: groups, combine: combine) } throws: { "\($0)".hasPrefix(words) }
    }
  }

  @Test("Files with unknown separators and headers in other letters are refused with what to change")
  func hints() {
    expectRefusal("item|label|logit_0|logit_1\na|0|0|1\n", saying: ["separated by |: expected commas, semicolons or"])
    expectRefusal(
      "item;label;logit_0;logit_1\na;0;0,5;1\nb;0;0.5;1\n",
      saying: ["line 2: item a has \"0,5\" for class 0", "the whole column has them"])
    expectRefusal(
      "item;label;logit_0;logit_1\na;0;0,5;1\nb;0;0,25;1.5\n",
      saying: ["line 3: the column logit_1 has a decimal point", "write all numbers with one of them"])
    expectRefusal(
      "Item,Label,logit_0,logit_1\na,0,0,1\n", saying: ["no column item", "\"Item\" must be written in small letters"])
    expectRefusal(
      "item,label,Logit_0,Logit_1\na,0,0,1\n", saying: ["\"Logit_0\" must be written in small letters"])
  }

  @Test("An arm whose name no file can have is refused before anything is evaluated")
  func longArm() throws {
    func text(_ arm: String) -> String { "item,label,arm,logit_0,logit_1\na,0,\(arm),0,1\n" }
    _ = try evaluation(text(String(repeating: "x", count: 200)))
    for arm in [String(repeating: "x", count: 201), String(repeating: "猫", count: 100)] {
      expectRefusal(text(arm), saying: ["line 2", "bytes; expected 200 or fewer"])
    }
  }

  @Test("A policy that is given with the predictions is fixed with the results and opens the report")
  func policy() throws {
    var text = "item,label,logit_no,logit_yes,light\n"
    for item in 0..<120 {
      let isRight = item % 6 != 0
      text += "i\(item),\(item % 2 == 1 ? "yes" : "no"),0,\((item % 2 == 1) == isRight ? 2 : -2),"
      text += "\(item % 4 < 2 ? "dusk" : "day")\n"
    }
    let policy = Policy(
      owner: "Ms Sato", deadline: nil, minimumSize: 10, arms: nil,
      rules: [Policy.Rule(metric: .accuracy, groups: .all, demand: .atLeast(0.95))])
    var report = try evaluation(text, groups: ["light"]).report()
    report.judge(policy)
    let results = try Results(Data(report.results.bytes()))
    #expect(results.policy?.policy == policy)
    #expect(GateOutcome(policy: policy, results: results, isChosenAfterwards: false).exitCode == 2)
    #expect(report.html().contains("<p class=\"verdict\">The policy is broken; "))
    let lines = report.summaryLines()
    #expect(lines[0].hasPrefix("the policy is broken; ") && lines[1].hasPrefix("broken: model, all items: accuracy"))
    #expect(lines.contains { $0.hasPrefix("No comparison between arms") })
    #expect(lines.contains { $0.contains("light=dusk") && $0.contains("accuracy") })
    let plain = try evaluation(text, groups: ["light"]).report()
    #expect(plain.gate == nil && plain.summaryLines()[0].hasPrefix("No comparison between arms"))
  }
}
