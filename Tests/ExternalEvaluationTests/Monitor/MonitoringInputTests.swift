import Datasets
import ExternalEvaluation
import Foundation
import Metrics
import Report
import Statistics
import TestSupport
import Testing

@Suite struct MonitoringInputTests {
  typealias Batch = MonitoringFixture.Batch

  private let fixture: MonitoringFixture

  init() throws { fixture = try MonitoringFixture(rules: nil, arms: ["full", "lora"], seeds: [13, 14], count: 60) }

  private func refused(_ problem: String, _ body: () throws -> Void) {
    do {
      try body()
      Issue.record("was not refused: \(problem)")
    } catch {
      #expect("\(error)".contains(problem), "\(error)")
    }
  }

  @Test("The released run is named, or read off the checkpoint's path, or asked for")
  func released() throws {
    let named = try fixture.monitor { ($0.arm, $0.seed) = ("lora", 14) }
    #expect(named.run == ReleasedRun(arm: "lora", seed: 14))
    let implied = try fixture.monitor { $0.model = "smile-audit/checkpoints/full/seed-13/" }
    #expect(implied.run == ReleasedRun(arm: "full", seed: 13))
    refused("there are the arms full, lora; say with --arm which one was released") { _ = try fixture.monitor() }
    refused("the arm lora has the seeds 13, 14; say with --seed") { _ = try fixture.monitor { $0.arm = "lora" } }
    refused("there is no arm other; expected one of full, lora") { _ = try fixture.monitor { $0.arm = "other" } }
    refused("no seed 15; expected one of 13, 14") { _ = try fixture.monitor { ($0.arm, $0.seed) = ("lora", 15) } }
  }

  @Test("A reference that cannot be used is refused with what to do")
  func references() throws {
    let own = ("lora", 13)
    refused("expected --reference to be the folder of an audit that is done") {
      _ = try fixture.monitor { $0.reference = "/nowhere" }
    }
    refused("another file can be named with --reference-predictions") {
      _ = try fixture.monitor {
        ($0.arm, $0.seed) = own
        $0.referencePredictions = []
      }
    }
    let other = try fixture.window(Batch(count: 60, first: 0, labelled: 1, arms: ["lora"]), seed: 9, name: "other.csv")
    refused("expected the predictions that these results were made from") {
      _ = try fixture.monitor {
        ($0.arm, $0.seed) = own
        $0.referencePredictions = [other.file]
      }
    }
    refused("the policy is about full, and lora was released") {
      _ = try fixture.monitor {
        ($0.arm, $0.seed) = own
        $0.policy = Policy(owner: nil, deadline: nil, minimumSize: 1, arms: ["full"], rules: [])
      }
    }
    try fixture.folder.write("{}", to: "results.json")
    refused("is not a results.json of this version of Tenbin") { _ = try fixture.monitor() }
  }

  struct Wrong: CustomTestStringConvertible, Sendable {
    let text: String
    let problem: String

    var testDescription: String { problem }
  }

  @Test(
    "A window that cannot be used is refused with file, line and item",
    arguments: [
      Wrong(text: "item,logit_no,logit_yes\n", problem: "expected a header and at least one row"),
      Wrong(text: "", problem: "expected a header and at least one row"),
      Wrong(
        text: "item,logit_no,logit_maybe\na,0,1\n", problem: "found the classes no, maybe; expected the reference's"),
      Wrong(text: "item,logit_no,logit_yes\na,nan,1\n", problem: "line 2: item a has \"nan\" for class no"),
      Wrong(text: "item,logit_no,logit_yes\na,0,1\na,0,1\n", problem: "line 3: item a occurs twice"),
      Wrong(text: "item,logit_no,logit_yes,arm\na,0,1,full\n", problem: "none of the 1 rows belongs to lora, seed 13"),
      Wrong(text: "item,label,logit_no,logit_yes\na,maybe,0,1\n", problem: "item a has the label \"maybe\""),
      Wrong(text: "path,label\na.png,yes\n", problem: "expected a column logit_CLASS or probability_CLASS"),
    ])
  func windows(wrong: Wrong) throws {
    let monitor = try fixture.monitor { ($0.arm, $0.seed, $0.inputs) = ("lora", 13, ["size"]) }
    let file = try fixture.folder.write(wrong.text, to: "wrong.csv")
    refused(wrong.problem) { _ = try monitor.report(of: try WindowFile(file: file)) }
    refused("wrong.csv") { _ = try monitor.report(of: try WindowFile(file: file)) }
  }

  @Test("Columns of classes may come in any order, and rows of other arms beside those of the released one")
  func orders() throws {
    let monitor = try fixture.monitor { ($0.arm, $0.seed) = ("lora", 13) }
    let plain = try fixture.window(Batch(count: 40, arms: ["lora"], seeds: [13]), name: "plain.csv")
    let both = try fixture.window(Batch(count: 40, arms: ["full", "lora"], seeds: [13, 14]), name: "both.csv")
    let expected = try monitor.report(of: plain)
    #expect(try monitor.report(of: both).drifts == expected.drifts)
    let text = try String(contentsOfFile: plain.file, encoding: .utf8)
    let lines = text.split(separator: "\n").map { line in
      var fields = line.split(separator: ",", omittingEmptySubsequences: false)
      fields.swapAt(4, 5)
      return fields.joined(separator: ",")
    }
    let swapped = try fixture.folder.write(lines.joined(separator: "\n") + "\n", to: "swapped.csv")
    #expect(try monitor.report(of: try WindowFile(file: swapped)).groups == expected.groups)
  }

  @Test("Rounded probabilities of a window are no drift from the reference's logits")
  func rounding() throws {
    let large = try MonitoringFixture(rules: nil, count: 1_000)
    let text = try String(contentsOfFile: large.window(Batch(count: 900)).file, encoding: .utf8)
    var lines: [String] = []
    for line in text.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let yes = 1 / (1 + exp(-2 * (Double(fields[5]) ?? 0)))
      let rounded = (yes * 10).rounded() / 10
      lines.append("\(fields[2]),\((10 - rounded * 10).rounded() / 10),\(rounded),\(fields[6]),\(fields[7])")
    }
    let file = try large.folder.write(
      "item,probability_no,probability_yes,light,age\n" + lines.joined(separator: "\n") + "\n", to: "rounded.csv")
    let report = try large.monitor().report(of: try WindowFile(file: file))
    let score = report.drifts.first { $0.subject == .score && $0.group == nil }
    #expect((score?.finding.value?.effect ?? 1) < 0.08)
    #expect(report.flagged.isEmpty)
  }

  @Test("Items of the reference in a window are counted")
  func known() throws {
    let monitor = try fixture.monitor { ($0.arm, $0.seed) = ("lora", 13) }
    let report = try monitor.report(
      of: fixture.window(Batch(count: 40, first: 50, arms: ["lora"], seeds: [13]), name: "known.csv"))
    #expect(report.knownItems == 10)
    #expect(report.lines(in: .english).contains { $0.contains("10 of 40 items are the reference's own") })
  }

  @Test("A manifest is joined with its predictions row by row, and its images and texts are watched")
  func manifest() throws {
    let folder = fixture.folder
    func images(_ name: String, level: Int, count: Int, first: Int) throws -> String {
      var text = "path,smiling,light,age,note\n"
      for item in 0..<count {
        let image = try RGBImage(
          width: 2, height: 1, bytes: Array(repeating: UInt8(level + item % 7), count: 3) + [9, 9, 9])
        try folder.write(try image.pngData(), to: "i\(first + item)")
        text += "i\(first + item),\(item % 2 == 0 ? "yes" : "no"),day,old,\"two\nlines, \(item)\"\n"
      }
      return try folder.write(text, to: name)
    }
    let reference = try images("reference-manifest.csv", level: 100, count: 60, first: 0)
    let manifest = try images("manifest.csv", level: 180, count: 30, first: 500)
    #expect(try !WindowFile(file: manifest).holdsPredictions)
    var predicted = "path,prediction,probability_no,probability_yes\n"
    for item in 0..<30 { predicted += "i\(500 + item),yes,0.25,0.75\n" }
    let predictions = try folder.write(predicted, to: "predicted.csv")
    let monitor = try fixture.monitor {
      ($0.arm, $0.seed, $0.referenceManifest, $0.label) = ("lora", 13, reference, "smiling")
      ($0.images, $0.text, $0.inputs) = (true, "note", ["absent"])
    }
    let report = try monitor.report(of: try WindowFile(file: manifest, predictions: predictions))
    #expect(report.labelled == 30)
    #expect(report.evaluation?.fairness.arms[0].overSeeds.overall.accuracy.value == 0.5)
    #expect(report.flagged.contains { $0.subject == .input(.brightness) && $0.group == nil })
    let brightness = report.drifts.first { $0.subject == .input(.brightness) }?.finding.value
    #expect(abs((brightness?.before ?? 0) - (103.0 + 9) / 2 / 255) < 1e-9)
    let length = report.drifts.first { $0.subject == .input(.length("note")) }?.finding.value
    #expect(length?.before == 13)
    let absent = report.drifts.first { $0.subject == .input(.column("absent")) }?.finding
    #expect(absent?.value == nil)
    #expect(report.lines(in: .english).contains { $0.contains("absent could not be compared: the reference has no") })
    let short = try folder.write("path,probability_no,probability_yes\ni500,0.5,0.5\n", to: "short.csv")
    refused("there are 1 rows; expected one for each of the 30") {
      _ = try monitor.report(of: try WindowFile(file: manifest, predictions: short))
    }
    let gone = try fixture.monitor { ($0.arm, $0.seed, $0.images) = ("lora", 13, true) }
    try FileManager.default.removeItem(atPath: "\(folder.path)/i0")
    let blind = try gone.report(of: try WindowFile(file: manifest, predictions: predictions))
    #expect(blind.drifts.contains { $0.subject == .input(.brightness) && $0.finding.value != nil })
    let none = try fixture.monitor { ($0.arm, $0.seed, $0.images) = ("lora", 13, true) }
    let unread = try none.report(of: try WindowFile(file: manifest, predictions: predictions))
    #expect(unread.lines(in: .english).contains { $0.contains("an image of the reference cannot be read") })
  }

  @Test("A window is clustered by the column that the audit names, and one without clusters is told")
  func clusters() throws {
    let results = try String(contentsOfFile: "\(fixture.folder.path)/results.json", encoding: .utf8)
    try fixture.folder.write(
      results.replacing("\"cluster_column\": \"cluster\"", with: "\"cluster_column\": \"person\""), to: "results.json")
    let monitor = try fixture.monitor { ($0.arm, $0.seed) = ("lora", 13) }
    let window = try fixture.window(Batch(count: 60, labelled: 1, arms: ["lora"], seeds: [13]))
    let text = try String(contentsOfFile: window.file, encoding: .utf8)
    func report(_ text: String) throws -> WindowReport {
      try monitor.report(of: WindowFile(file: try fixture.folder.write(text, to: "w.csv")))
    }
    let expected = try report(text)
    let named = try report(text.replacing(",cluster,", with: ",person,"))
    let bare = try report(text.replacing(",cluster,", with: ",household,"))
    #expect(named.groups == expected.groups && named.missingClusters == nil && expected.missingClusters == nil)
    #expect(bare.groups != expected.groups)
    #expect(bare.lines(in: .english).contains { $0.hasPrefix("note: the window has no column person or cluster, by") })
  }

  @Test("A rule about a group that the reference never had is told from one that the window lacks")
  func noSuchGroup() throws {
    let rules = ["noon", "dusk"].map {
      Policy.Rule(metric: .accuracy, groups: .one(column: "light", value: $0), demand: .atLeast(0.5))
    }
    let monitor = try fixture.monitor {
      ($0.arm, $0.seed) = ("lora", 13)
      $0.policy = Policy(owner: nil, deadline: nil, minimumSize: 1, arms: nil, rules: rules)
    }
    let report = try monitor.report(
      of: fixture.window(Batch(count: 40, light: ["day"], arms: ["lora"], seeds: [13])))
    #expect(
      report.judgements.map(\.reason) == ["the reference has no group light=noon", "the window has no items of it"])
    #expect(report.lines(in: .japanese).contains { $0.contains("監査時にグループ light=noon はありません") })
  }

  /// The window's lines with another cell in the column `size` for every item.
  private func window(size: (Int) -> String) throws -> WindowFile {
    let file = try fixture.window(Batch(count: 120, labelled: 1, arms: ["lora"], seeds: [13]))
    let lines = try String(contentsOfFile: file.file, encoding: .utf8).split(separator: "\n")
    let rows = lines.dropFirst().enumerated().map { number, line in
      line.split(separator: ",", omittingEmptySubsequences: false).dropLast().joined(separator: ",")
        + ",\(size(number))"
    }
    return try WindowFile(
      file: try fixture.folder.write(([String(lines[0])] + rows).joined(separator: "\n") + "\n", to: "sizes.csv"))
  }

  @Test("Text in a column of numbers is a change that is told; the numbers beside it and the other figures stand")
  func notNumbers() throws {
    let monitor = try fixture.monitor { ($0.arm, $0.seed, $0.inputs) = ("lora", 13, ["size"]) }
    let plain = try monitor.report(of: try window { "\(5 + Double($0 % 7) / 7)" })
    let mixed = try monitor.report(of: try window { $0 % 3 == 0 ? "XL" : "\(5 + Double($0 % 7) / 7)" })
    #expect(mixed.evaluation?.fairness == plain.evaluation?.fairness)
    #expect(mixed.flagged.contains { $0.subject == .notNumber(.column("size")) && $0.group == nil })
    #expect(mixed.drifts.contains { $0.subject == .input(.column("size")) && $0.finding.value != nil })
    #expect(!mixed.drifts.contains { $0.subject == .missing(.column("size")) })
    #expect(mixed.newValues.map(\.items) == [40] && mixed.newValues.map(\.of) == [120])
    let lines = mixed.lines(in: .english)
    #expect(
      lines.contains {
        $0.hasPrefix("check: size: 40 of 120 items have no number, and every item of the reference has one: \"XL\"")
          && $0.hasSuffix("say --categorical size")
      }, "\(lines)")
    #expect(mixed.lines(in: .japanese).contains { $0.contains("40 件は数値ではありません") })
    // A single one is told, and is not enough for a change.
    let single = try monitor.report(of: try window { $0 == 5 ? String(repeating: "long ", count: 30) : "5.\($0)" })
    #expect(!single.flagged.contains { $0.subject == .notNumber(.column("size")) })
    #expect(
      single.lines(in: .english).contains {
        $0.hasPrefix("note: size: 1 of 120 items has no number") && $0.count < 200
      })
  }

  @Test("A column that is declared categorical is compared by its categories, and those that are new are named")
  func categorical() throws {
    let reference = try fixture.folder.write(
      "item,size,light,age\n"
        + (0..<60).map { "i\($0),\(["20095", "01067", "10115"][$0 % 3]),day,old\n" }.joined(), to: "codes.csv")
    func monitor(_ settings: (inout MonitoringSettings) -> Void) throws -> Monitor {
      try fixture.monitor {
        ($0.arm, $0.seed, $0.referenceManifest) = ("lora", 13, reference)
        settings(&$0)
      }
    }
    let codes = try monitor { $0.categorical = ["size"] }
    let same = try codes.report(of: try window { ["20095", "01067", "10115"][$0 % 3] })
    #expect(same.flagged.isEmpty && same.newValues.isEmpty)
    #expect(same.drifts.first { $0.subject == .input(.column("size")) }?.finding.value?.test == .chiSquared)
    let new = try codes.report(of: try window { ["20095", "SW1A", "10115", "E1"][$0 % 4] })
    #expect(new.flagged.contains { $0.subject == .unseen(.column("size")) && $0.group == nil })
    #expect(new.newValues.map(\.values) == [["E1", "SW1A"]])
    let lines = new.lines(in: .english)
    #expect(
      lines.contains(
        "check: size: 60 of 120 items have one of 2 values that no item of the reference has: \"E1\", \"SW1A\""),
      "\(lines)")
    #expect(lines.contains { $0.contains("size has shifted: 01067: 33.3 %, now 0.0 %; ") && !$0.contains("median") })
    // The same declaration twice is one, and undeclared digits are numbers.
    let twice = try monitor { ($0.inputs, $0.categorical) = (["size"], ["size"]) }
    let again = try twice.report(of: try window { ["20095", "01067", "10115"][$0 % 3] })
    #expect(again.drifts == same.drifts)
    let undeclared = try monitor { $0.inputs = ["size"] }
    let found = try undeclared.report(of: try window { ["20095", "01067", "10115"][$0 % 3] })
    #expect(found.drifts.first { $0.subject == .input(.column("size")) }?.finding.value?.test == .kolmogorovSmirnov)
  }

  @Test("Measurements that moved by their last digits are no change, and codes that did are")
  func slight() throws {
    func changed(_ before: [String], _ after: [String], categorical: Bool = false) throws -> WindowReport {
      let reference = try fixture.folder.write(
        "item,size,light,age\n" + (0..<60).map { "i\($0),\(before[$0 % before.count]),day,old\n" }.joined(),
        to: "few.csv")
      return try fixture.monitor {
        ($0.arm, $0.seed, $0.referenceManifest, $0.inputs) = ("lora", 13, reference, ["size"])
      }.report(of: try window { after[$0 % after.count] })
    }
    let rounded = try changed(["0.1", "0.2", "0.3"], ["0.10010000000000001", "0.2001", "0.30010000000000003"])
    let finding = try #require(rounded.drifts.first { $0.subject == .input(.column("size")) }?.finding.value)
    #expect(finding.effect > 0.3 && finding.adjustedPValue < 0.05)
    #expect(rounded.flagged.isEmpty)
    #expect(
      rounded.lines(in: .english).contains {
        $0.hasPrefix(
          "note: size has shifted (Kolmogorov–Smirnov 0.333), but by next to nothing: 0.000 is left if values that differ by "
        )
      })
    #expect(rounded.lines(in: .japanese).contains { $0.contains("変化に数えません") })
    let moved = try changed(["0.1", "0.2", "0.3"], ["0.15", "0.2", "0.3"])
    #expect(
      moved.lines(in: .english).contains {
        $0.contains("size has shifted: 0.1: 33.3 %, now 0.0 %; 0.15: 0.0 %, now 33.3 %")
      })
    let codes = try changed(["20095", "20096", "99999"], ["20097", "20096", "99999"])
    #expect(codes.flagged.contains { $0.subject == .input(.column("size")) })
    // Equal medians are not shown as evidence; where the distributions differ is.
    let order = (0..<30).map { Double(7 * $0 % 30) }
    let wide = try changed(order.map { "\($0 + 0.5)" }, order.map { "\(5 * ($0 - 14.5) + 15)" })
    let line = try #require(wide.lines(in: .english).first { $0.contains("size has shifted") })
    #expect(line.contains("up to ") && line.contains(" of items") && !line.contains("median"), "\(line)")
  }

  @Test("A model of another audit, or with other weights than the audited run's, is refused")
  func models() throws {
    let results = try String(contentsOfFile: "\(fixture.folder.path)/results.json", encoding: .utf8)
    // As an audit writes it.
    try fixture.folder.write(results.replacing("\"version\": 0", with: "\"version\": 3"), to: "results.json")
    let other = try TemporaryFolder()
    func model(_ folder: TemporaryFolder, _ weights: String) throws -> String {
      let name = "checkpoints/lora/seed-13"
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
      try folder.write(weights, to: "\(name)/adapter_model.safetensors")
      return "\(folder.path)/\(name)"
    }
    let (own, foreign) = (try model(fixture.folder, "one"), try model(other, "two"))
    #expect(try fixture.monitor { $0.model = own }.run == ReleasedRun(arm: "lora", seed: 13))
    refused("its weights differ from the weights of lora, seed 13") { _ = try fixture.monitor { $0.model = foreign } }
    try other.write("one", to: "checkpoints/lora/seed-13/adapter_model.safetensors")
    #expect(try fixture.monitor { $0.model = foreign }.run == ReleasedRun(arm: "lora", seed: 13))
    try other.write("", to: "ledger.sqlite")
    refused("belongs to the audit in") { _ = try fixture.monitor { $0.model = foreign } }
    // A copy of the audit itself is the same audit.
    try other.write(results.replacing("\"version\": 0", with: "\"version\": 3"), to: "results.json")
    _ = try fixture.monitor { $0.model = foreign }
  }

  @Test("An image that is not there is told with what to name, in the language of the lines")
  func hint() throws {
    let monitor = try fixture.monitor { ($0.arm, $0.seed, $0.images) = ("lora", 13, true) }
    let report = try monitor.report(of: fixture.window(Batch(count: 40, arms: ["lora"], seeds: [13])))
    #expect(report.lines(in: .english).contains { $0.contains("name its manifest with --reference-manifest") })
    #expect(report.lines(in: .japanese).contains { $0.contains("マニフェストを --reference-manifest で指定してください") })
  }
}
