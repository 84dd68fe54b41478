import ExternalEvaluation
import Metrics
import Report
import Statistics
import TestSupport
import Testing

@Suite struct PredictionsEvaluationTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func settings(
    _ text: String, groups: [String] = [], combine: [[String]] = [], reference: String? = nil, positive: String? = nil,
    minimum: Int = 2
  ) throws -> PredictionsEvaluation.Settings {
    PredictionsEvaluation.Settings(
      files: [try folder.write(text, to: "p.csv")], groups: groups, intersections: combine, positive: positive,
      reference: reference, rule: DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: minimum), name: "p")
  }

  private func report(
    _ text: String, groups: [String] = [], combine: [[String]] = [], reference: String? = nil, minimum: Int = 2
  ) throws -> AuditReport {
    try PredictionsEvaluation(
      settings(text, groups: groups, combine: combine, reference: reference, minimum: minimum)
    ).report()
  }

  @Test("Every group value is a group, a missing one too, and tags make members and non-members")
  func groups() throws {
    let text = """
      item,label,logit_no,logit_yes,age,topic
      a,yes,0,1,young,x;y
      b,no,1,0,old,x
      c,yes,1,0,,
      d,no,1,0,old,y

      """
    let report = try report(text, groups: ["age", "topic"])
    let found = report.fairness.arms[0].overSeeds.groups.map { "\($0.group?.description ?? "") \($0.n)" }
    #expect(
      found == [
        "age=old 2", "age=young 1", "age=(missing) 1", "topic=x 2", "topic=not x 2", "topic=y 2", "topic=not y 2",
        "topic=(missing) 1", "topic=not (missing) 3",
      ])
    #expect(report.fairness.arms[0].overSeeds.overall.accuracy.value == 0.75)
    #expect(report.positiveClass == "yes")
    #expect(report.decisionSentence.contains("No comparison"))
  }

  @Test("Combined columns have the groups that are large enough, and the others together")
  func intersections() throws {
    var text = "item,label,probability_0,probability_1,age,light\n"
    for item in 0..<12 {
      text += "i\(item),\(item % 2),0.4,0.6,\(item < 8 ? "young" : "old"),\(item % 4 == 0 ? "" : "dusk")\n"
    }
    let report = try report(text, groups: ["age", "light"], combine: [["age", "light"]], minimum: 3)
    let combined = report.fairness.arms[0].overSeeds.groups.filter { $0.group?.column == "age × light" }
    #expect(
      combined.map { "\($0.group?.value ?? "") \($0.n)" } == [
        "old × dusk 3", "young × dusk 6", "smaller ones of age × light 3",
      ])
    #expect(
      report.pooledGroups.map { "\($0.name.selector) \($0.n)" } == [
        "age × light=old × (missing) 1", "age × light=young × (missing) 2",
      ])
  }

  @Test("Predictions in several files, in any order, are evaluated to the bytes of one file")
  func shards() throws {
    let header = "item,label,logit_no,logit_yes,arm,light\n"
    let rows = (0..<120).flatMap { item in
      ["full", "lora"].map { arm in
        let score = Double(item * 37 % 50) / 10 - 2 + (arm == "lora" ? 0.5 : 0)
        return "i\(item),\(item % 3 == 0 ? "yes" : "no"),0,\(score),\(arm),\(item % 4 == 0 ? "dusk" : "day")\n"
      }
    }
    let whole = try report(header + rows.joined(), groups: ["light"])
    var parts: [String] = []
    for part in 0..<3 {
      let own = rows.indices.filter { $0 % 3 == part }.map { rows[$0] }
      parts.append(try folder.write(header + own.joined(), to: "part-\(part).csv"))
    }
    var settings = try settings(header + rows.joined(), groups: ["light"])
    settings.files = parts
    #expect(try PredictionsEvaluation(settings).report().fairness == whole.fairness)
  }

  @Test("Stated probabilities are kept as they are: one on the bound of a bin stays in it")
  func bounds() throws {
    var text = "item,label,probability_a,probability_b,probability_c\n"
    // 6/15 is the upper bound of a bin.
    for item in 0..<10 { text += "i\(item),\(item < 4 ? "a" : "b"),0.4,0.35,0.25\n" }
    let calibration = try report(text).fairness.arms[0].calibration.overall
    #expect(calibration.reliability.firstIndex { $0.count > 0 } == 5)
    #expect(abs(calibration.expectedCalibrationError.value) < 1e-12)
    #expect(abs(calibration.meanConfidence - 0.4) < 1e-12)
  }

  @Test("Arms are compared with the reference, over the seeds of both")
  func comparisons() throws {
    var text = "item,label,logit_0,logit_1,arm,seed,cluster,g\n"
    for arm in ["full", "lora"] {
      for seed in [1, 2] {
        for item in 0..<40 {
          let isRight = arm == "full" || item % 4 != 0
          let label = item % 2
          let yes = (label == 1) == isRight
          text +=
            "i\(item),\(label),\(yes ? 0 : 2),\(yes ? 2 : 0),\(arm),\(seed),c\(item / 2),\(item < 20 ? "u" : "v")\n"
        }
      }
    }
    let report = try report(text, groups: ["g"])
    #expect(report.fairness.comparisons.map(\.arm) == ["lora", "lora", "lora"])
    for comparison in report.fairness.comparisons {
      #expect(comparison.reference == "full")
      #expect(comparison.estimate == -0.25)
      #expect(comparison.seedSpread.values == [-0.25, -0.25])
    }
    #expect(report.fairness.comparisons[0].clusters == 20)
    #expect(report.fairness.familySize == 2)
    let other = try PredictionsEvaluation(settings(text, groups: ["g"], reference: "lora")).report()
    #expect(other.fairness.comparisons[0].arm == "full")
    #expect(other.fairness.comparisons[0].estimate == 0.25)
    #expect(try report.files().map(\.path).contains("tables/groups.csv"))
    #expect(!report.html().contains("wall-clock"))
    #expect(!report.html().contains("Membership inference"))
  }

  @Test("Validation items are fitted a temperature to, and nothing else is said of them")
  func temperature() throws {
    var text = "item,label,split,logit_0,logit_1,g\n"
    // Right in three of four with a confidence of .95, where .75 would be right: a temperature of ln 19 / ln 3.
    for (split, count) in [("test", 40), ("validation", 400)] {
      for item in 0..<count {
        let isRight = item % 4 != 0
        let yes = (item % 2 == 1) == isRight
        text += "\(split)\(item),\(item % 2),\(split),0,\(yes ? 2.9444390 : -2.9444390),\(item < 20 ? "u" : "v")\n"
      }
    }
    let whole = try report(text, groups: ["g"])
    #expect(whole.counts == ItemCounts(items: 440, train: 0, validation: 400, test: 40))
    let arm = whole.fairness.arms[0]
    #expect(arm.overSeeds.overall.n == 40)
    let temperature = try #require(arm.temperature.value)
    #expect(temperature.validationItems == 400)
    #expect(abs(temperature.temperatures[0] - 2.9444390 / 1.0986123) < 1e-5)
    #expect(abs(arm.calibration.overall.signedGap.value - 0.2) < 1e-6)
    #expect(abs(temperature.overall.signedGap) < 1e-5 && abs(temperature.overall.expectedCalibrationError) < 1e-5)
    let losses = try #require(
      temperature.overall.negativeLogLikelihood.value.flatMap { after in
        arm.calibration.overall.negativeLogLikelihood.value.map { (after, $0.value) }
      })
    #expect(losses.0 < losses.1)
    #expect(temperature.groups.map(\.group?.value) == ["u", "v"])
    let without = try report("item,label,logit_0,logit_1\na,1,0,1\nb,0,0,1\n").fairness.arms[0]
    #expect(without.temperature.value == nil)
  }

  struct Wrong: CustomTestStringConvertible, Sendable {
    let text: String
    let problem: String
    var groups: [String] = []

    var testDescription: String { problem }
  }

  @Test(
    "What cannot be evaluated is refused with file, line and item",
    arguments: [
      Wrong(text: "item,label,logit_0,logit_1\na,0,nan,1\n", problem: "line 2: item a has \"nan\" for class 0"),
      Wrong(text: "item,label,logit_0,logit_1\na,0,inf,1\n", problem: "line 2: item a has \"inf\" for class 0"),
      Wrong(text: "item,label,logit_0,logit_1\na,0,1e300,1\n", problem: "expected at most 3.4e+38 in magnitude"),
      Wrong(text: "item,label,logit_0,logit_1\na,0,,1\n", problem: "item a has \"\" for class 0"),
      Wrong(
        text: "item,label,probability_0,probability_1\na,0,0.5,0.7\n",
        problem: "line 2: the probabilities of item a sum to 1.2; expected 1, give or take 0.1, for rounding 2 classes"),
      Wrong(
        text: "item,label,probability_0,probability_1\na,0,0.51,0.53\n", problem: "to 2 decimals explains 0.01 at most"),
      Wrong(text: "item,label,probability_0,probability_1\na,0,0,0\n", problem: "item a sum to 0.0"),
      Wrong(text: "item,label,probability_0,probability_1\na,0,-0.5,1.5\n", problem: "the probability -0.5"),
      Wrong(
        text: "item,label,logit_0,logit_1\na,2,0,1\n", problem: "item a has the label \"2\", which no column is for"),
      Wrong(text: "item,label,logit_0\na,0,1\n", problem: "for each of two classes or more"),
      Wrong(text: "item,label,logit_0,probability_1\na,0,1,1\n", problem: "expected one kind"),
      Wrong(text: "name,label,logit_0,logit_1\na,0,1,1\n", problem: "there is no column item"),
      Wrong(text: "item,label,logit_0,logit_1\na,0,0,1\n", problem: "there is no column age", groups: ["age"]),
      Wrong(text: "item,label,logit_0,logit_1\n", problem: "row"),
      Wrong(
        text: "item,label,logit_0,logit_1\na,0,0,1\na,0,0,1\n", problem: "line 3: item a occurs twice in arm model"),
      Wrong(
        text: "item,label,logit_0,logit_1,arm\na,0,0,1,x\nb,0,0,1,x\na,0,0,1,y\n",
        problem: "arm y has no prediction for item b"),
      Wrong(
        text: "item,label,logit_0,logit_1,arm\na,0,0,1,x\na,1,0,1,y\n",
        problem: "line 3: item a has the label \"1\", and \"0\" in line 2"),
      Wrong(
        text: "item,label,logit_0,logit_1,arm,age\na,0,0,1,x,old\na,0,0,1,y,young\n",
        problem: "item a has the group \"young\", and \"old\" in line 2", groups: ["age"]),
      Wrong(text: "item,label,logit_0,logit_1,split\na,0,0,1,train\n", problem: "item a is of the split \"train\""),
      Wrong(
        text: "item,label,logit_0,logit_1,split,arm\na,0,0,1,test,x\nb,0,0,1,test,y\nc,0,0,1,validation,x\n",
        problem: "has no prediction for item"),
      Wrong(text: "item,label,logit_0,logit_1,split\na,0,0,1,validation\n", problem: "no items of the test split"),
      Wrong(
        text: "item,label,logit_0,logit_1,seed\na,0,0,1,first\n", problem: "the seed \"first\" is not a whole number"),
    ])
  func refused(wrong: Wrong) throws {
    do {
      _ = try PredictionsEvaluation(settings(wrong.text, groups: wrong.groups)).report()
      Issue.record("was not refused: \(wrong.problem)")
    } catch {
      #expect("\(error)".contains(wrong.problem), "\(error)")
    }
  }

  @Test("A column of a thousand values is none of groups")
  func manyValues() throws {
    var text = "item,label,logit_0,logit_1,age\n"
    for item in 0..<1_000 { text += "i\(item),0,0,1,\(item)\n" }
    let settings = try settings(text, groups: ["age"])
    #expect { try PredictionsEvaluation(settings) } throws: { error in
      "\(error)".contains("column age has 1000 different values, more than 100")
    }
  }

  @Test("One item, and items of one class, have figures where they can, and reasons where not")
  func degenerate() throws {
    let one = try report("item,label,logit_0,logit_1\na,1,0,1\n").fairness.arms[0]
    #expect(one.overSeeds.overall.accuracy.value == 1)
    #expect(one.calibration.overall.debiasedSquaredError.value == nil)
    #expect(one.overSeeds.overall.falsePositiveRate == .undefined(reason: "no negatives", n: 1))
    let negatives = try report("item,label,logit_0,logit_1\na,0,1,0\nb,0,1,0\n").fairness.arms[0].overSeeds.overall
    #expect(negatives.truePositiveRate == .undefined(reason: "no positives", n: 2))
    #expect(negatives.precision == .undefined(reason: "nothing is predicted positive", n: 2))
    #expect(negatives.f1 == .undefined(reason: "nothing is labelled or predicted positive", n: 2))
  }

  @Test("The same predictions give the same bytes, whatever the file is called")
  func sameBytes() throws {
    let text = "item,label,logit_0,logit_1,g\na,1,0,1,u\nb,0,1,0,v\nc,1,1,0,u\nd,0,1,0,v\n"
    #expect(try report(text, groups: ["g"]).results == report(text, groups: ["g"]).results)
  }

  @Test("An arm that changes no prediction is shown and not compared, and takes nothing from the others' family")
  func uncompared() throws {
    var text = "item,label,logit_no,logit_yes,split,age\n"
    for item in 0..<40 {
      text += "i\(item),\(item % 2 == 0 ? "no" : "yes"),\(item % 3),1,\(item % 4 == 0 ? "validation" : "test"),"
      text += "\(item % 5 < 2 ? "old" : "young")\n"
    }
    var evaluation = try PredictionsEvaluation(settings(text, groups: ["age"], reference: "model"))
    func add(_ name: String, isCompared: Bool) -> Bool {
      evaluation.add(name, from: "model", isCompared: isCompared) { _, test, own, _ in (test: test, validation: own) }
    }
    #expect(add("compared", isCompared: true) && add("shown", isCompared: false))
    let report = try evaluation.report()
    #expect(report.fairness.arms.map(\.arm) == ["model", "compared", "shown"])
    #expect(Set(report.fairness.comparisons.map(\.arm)) == ["compared"])
    #expect(report.fairness.familySize == 2)
    #expect(report.clusterColumn == nil)
  }
}
