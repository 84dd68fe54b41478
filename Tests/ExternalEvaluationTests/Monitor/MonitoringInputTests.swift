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
      Wrong(
        text: "item,logit_no,logit_yes,size\na,0,1,5\nb,0,1,big\n",
        problem: "line 3: column size has \"big\"; expected a finite number"),
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
