import ExternalEvaluation
import Foundation
import Metrics
import Report
import Statistics
import Support
import TestSupport
import Testing

/// What a table says does not depend on how it is written.
@Suite struct ReadingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func report(
    _ texts: [String], groups: [String] = ["g", "h"], positive: String? = nil, reference: String? = "full"
  ) throws -> AuditReport {
    let files = try texts.enumerated().map { try folder.write($1, to: "p\($0).csv") }
    return try PredictionsEvaluation(
      PredictionsEvaluation.Settings(
        files: files, groups: groups, positive: positive, reference: reference,
        rule: DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 5), name: "p")
    ).report()
  }

  /// Random predictions of two arms with two seeds, with ties, clusters, groups and validation items.
  private struct Predictions {
    var header: [String]
    var rows: [[String]] = []

    init(classes: Int, trial: Int, isOfProbabilities: Bool = true) {
      var generator = RandomKey(seed: 21)["predictions"][trial].generator
      let names = Array(["no", "yes", "maybe"].prefix(classes))
      let prefix = isOfProbabilities ? "probability_" : "logit_"
      header = ["item", "label", "arm", "seed", "split", "cluster", "g", "h"] + names.map { prefix + $0 }
      let items = (0..<40).map { item in
        [
          "i\(item)", names[generator.index(below: classes)], item < 12 ? "validation" : "test",
          item < 12 ? "v\(item / 2)" : "c\(item / 2)", ["u", "v", ""][generator.index(below: 3)],
          ["x", "y", "x;y"][generator.index(below: 3)],
        ]
      }
      for arm in ["full", "lora"] {
        for seed in 1...2 {
          for item in items {
            var votes = [Int](repeating: 0, count: classes)
            for _ in 0..<8 { votes[generator.index(below: classes)] += 1 }
            let outputs = votes.map { isOfProbabilities ? "\(Double($0) / 8)" : "\(Double($0) * 1.1)" }
            rows.append([item[0], item[1], arm, "\(seed)"] + item[2...] + outputs)
          }
        }
      }
    }

    var text: String { text(rows) }

    func text(_ rows: [[String]], separator: String = ",") -> String {
      ([header] + rows).map { row in
        row.map { $0.contains(separator) ? "\"\($0)\"" : $0 }.joined(separator: separator) + "\n"
      }.joined()
    }

    /// With the columns in another order.
    func columns(_ order: [Int]) -> Predictions {
      var other = self
      other.header = order.map { header[$0] }
      other.rows = rows.map { row in order.map { row[$0] } }
      return other
    }
  }

  /// The figures by name, in an order that does not depend on which row came first.
  private func figures(_ report: AuditReport, rename: (GroupName?) -> String = { $0?.description ?? "" }) -> [String:
    String]
  {
    var found: [String: String] = ["classes": "\(report.classNames) \(report.positiveClass ?? "")"]
    for arm in report.fairness.arms {
      for (seed, rates) in arm.seeds.map({ ("\($0.seed ?? 0)", $0.rates) }) + [("all", arm.overSeeds)] {
        for var group in [rates.overall] + rates.groups {
          let name = rename(group.group)
          group.group = nil
          found["\(arm.arm) \(seed) \(name)"] = "\(group)"
        }
      }
      for count in arm.ties { found["ties \(arm.arm) \(count.seed ?? 0) \(rename(count.group))"] = "\(count.ties)" }
      for group in arm.thresholds.value?.choices ?? [] {
        found["threshold \(arm.arm) \(group.rule) \(rename(group.group))"] = "\(group.chosen.value?.thresholds ?? [])"
      }
    }
    for comparison in report.fairness.comparisons {
      found["\(comparison.arm) \(rename(comparison.group))"] = "\(comparison.estimate) \(comparison.verdict)"
    }
    return found
  }

  private func expectSame(
    _ found: [String: String], _ expected: [String: String], location: SourceLocation = #_sourceLocation
  ) {
    for name in Set(found.keys).union(expected.keys) where found[name] != expected[name] {
      Issue.record(
        "\(name): \(found[name] ?? "nothing"), not \(expected[name] ?? "nothing")", sourceLocation: location)
    }
  }

  @Test("The order of columns, rows and arms, and the cut into files, change no figure", arguments: [2, 3])
  func order(classes: Int) throws {
    for trial in 0..<4 {
      for isOfProbabilities in [true, false] {
        let plain = Predictions(classes: classes, trial: trial, isOfProbabilities: isOfProbabilities)
        let expected = figures(try report([plain.text]))
        #expect(expected.keys.contains { $0.hasPrefix("ties") })
        let key = RandomKey(seed: 22)["order"][trial]
        let other = plain.columns(key["columns"].permutation(count: plain.header.count))
        expectSame(figures(try report([other.text])), expected)
        let rows = key["rows"].permutation(count: plain.rows.count).map { other.rows[$0] }
        expectSame(figures(try report([other.text(rows)])), expected)
        let reversed = plain.columns(Array((0..<plain.header.count).reversed()))
        let halves = [plain.text(Array(plain.rows[80...])), reversed.text(Array(reversed.rows[..<80]))]
        expectSame(figures(try report(halves)), expected)
        expectSame(figures(try report([plain.text(plain.rows, separator: ";")])), expected)
      }
    }
  }

  @Test("The order of the columns changes not a byte of the results")
  func bytes() throws {
    for classes in [2, 3] {
      let plain = Predictions(classes: classes, trial: 9)
      let other = plain.columns(Array((0..<plain.header.count).reversed()))
      #expect(try report([plain.text]).results.bytes() == report([other.text]).results.bytes())
    }
  }

  @Test("Groups under other names have the same figures")
  func relabelledGroups() throws {
    for trial in 0..<3 {
      let plain = Predictions(classes: 2, trial: trial)
      var other = plain
      let column = try #require(plain.header.firstIndex(of: "g"))
      let names = ["u": "zebra", "v": "ant", "": ""]
      for row in other.rows.indices { other.rows[row][column] = names[plain.rows[row][column]] ?? "" }
      let renamed = figures(try report([other.text])) { group in
        group.map { "\($0)" == "g=zebra" ? "g=u" : "\($0)" == "g=ant" ? "g=v" : "\($0)" } ?? ""
      }
      let rates = figures(try report([plain.text])).filter { $0.key.hasPrefix("full") || $0.key.hasPrefix("ties") }
      for (name, figure) in rates { #expect(renamed[name] == figure, "\(name)") }
    }
  }

  @Test("Probabilities and their logarithms as logits, shifted by any number, have the same predictions and figures")
  func scale() throws {
    for (classes, trial) in [(2, 0), (2, 1), (3, 2), (3, 3)] {
      var plain = Predictions(classes: classes, trial: trial)
      let first = plain.header.count - classes
      // No zeros, whose logarithm no logit holds.
      for row in plain.rows.indices {
        let outputs = plain.rows[row][first...].compactMap(Double.init).map {
          ($0 + 0.125) / (1 + 0.125 * Double(classes))
        }
        plain.rows[row].replaceSubrange(first..., with: outputs.map { "\($0)" })
      }
      var logits = plain
      logits.header = plain.header.map { $0.replacing("probability_", with: "logit_") }
      for row in logits.rows.indices {
        let outputs = plain.rows[row][first...].compactMap(Double.init)
        logits.rows[row].replaceSubrange(first..., with: outputs.map { "\(log($0) + Double(row % 4) * 16)" })
      }
      let (stated, computed) = try (report([plain.text]), report([logits.text]))
      for (one, other) in zip(stated.fairness.arms, computed.fairness.arms) {
        // Permutations are drawn by the content, so gaps have other chances.
        #expect(one.overSeeds.overall == other.overSeeds.overall && one.overSeeds.groups == other.overSeeds.groups)
        #expect(one.ties == other.ties)
        #expect(abs(one.calibration.overall.meanConfidence - other.calibration.overall.meanConfidence) < 1e-12)
        #expect(
          abs(one.calibration.overall.multiclassBrier.value - other.calibration.overall.multiclassBrier.value) < 1e-12)
      }
    }
  }

  @Test("Probabilities whose sums rounding explains are scaled to sum to 1, and the report says so")
  func rounded() throws {
    var generator = RandomKey(seed: 23)["rounded"].generator
    let classes = 400
    var texts = ["item,label," + (0..<classes).map { "probability_c\($0)" }.joined(separator: ",") + "\n"]
    texts.append(texts[0])
    for item in 0..<20 {
      let weights = (0..<classes).map { $0 == item ? 50 : exp(generator.normal()) }
      let sum = weights.reduce(0, +)
      let exact = weights.map { $0 / sum }
      texts[0] += "i\(item),c\(item)," + exact.map { "\(($0 * 1_000).rounded() / 1_000)" }.joined(separator: ",") + "\n"
      texts[1] += "i\(item),c\(item)," + exact.map { "\($0)" }.joined(separator: ",") + "\n"
    }
    let (rounded, exact) = try (
      report([texts[0]], groups: [], reference: nil), report([texts[1]], groups: [], reference: nil)
    )
    #expect(rounded.inputNotes.count == 1 && exact.inputNotes.isEmpty)
    #expect(rounded.inputNotes[0].hasPrefix("p0.csv: the probabilities of 20 of 20 rows sum to 0."))
    #expect(rounded.inputNotes[0].hasSuffix("and are scaled to sum to 1. Rounding to 3 decimals explains it."))
    #expect(rounded.results.inputNotes == rounded.inputNotes)
    #expect(rounded.summaryLines().contains("note: " + rounded.inputNotes[0]))
    let (one, other) = (rounded.fairness.arms[0].calibration.overall, exact.fairness.arms[0].calibration.overall)
    #expect(abs(one.meanConfidence - other.meanConfidence) < 0.02)
  }

  @Test("The tables name each class and count ties, and say why there are no rates of classes")
  func tables() throws {
    func table(_ name: String, of report: AuditReport) throws -> CommaSeparatedValues {
      let file = try #require(try report.files().first { $0.path == "tables/\(name).csv" })
      return try CommaSeparatedValues(bytes: file.bytes, name: name)
    }
    let three = try report([Predictions(classes: 3, trial: 0).text])
    let classes = try table("classes", of: three)
    let column = try #require(classes.column("class"))
    #expect(Set(classes.rows.map { $0.fields[column] }) == ["maybe", "no", "yes"])
    let ties = try table("ties", of: three)
    let counts = ties.rows.filter { $0.fields[3] == "all" }.map { ($0.fields[0], Int($0.fields[5]) ?? 0) }
    let full = counts.filter { $0.0 == "full" }.reduce(0) { $0 + $1.1 }
    #expect(full == three.fairness.arms[0].ties.filter { $0.group == nil }.reduce(0) { $0 + $1.ties } && full > 0)
    #expect(three.summaryLines().contains { $0.hasPrefix("full: \(full) of 56 predictions are ties") })
    let two = try report([Predictions(classes: 2, trial: 0).text])
    let reason = try table("classes", of: two)
    #expect(reason.rows.map { $0.fields[2] }.allSatisfy { $0 == "one class is declared positive; its rates say it" })
    #expect(reason.rows.count == 2)
  }
}
