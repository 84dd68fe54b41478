import ArgumentParser
import Audit
import Datasets
import ExternalEvaluation
import Foundation
import Planning
import Report
import Specification
import Support

/// Compares a released model's new batches with the data it was audited on.
struct MonitorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "monitor",
    abstract: "Tell whether new data for a released model are still like the data it was audited on.",
    discussion: """
      A window is a CSV file with the columns item and logit_CLASS or probability_CLASS for every class. It may have \
      label (an empty cell is unlabelled), cluster (or the audit's own column of clusters) and the reference's columns of \
      groups. A window may also be a manifest; then --model predicts first.

      Labelled windows are judged by the policy, as `tenbin gate` does. Without labels the accuracy is estimated from \
      calibrated confidence, which is valid as long as only the inputs change.

      Windows are numbered as one series, which is kept beside the reference: the more windows are judged, the more it \
      takes to call one of them changed, so that a long series of unchanged windows has a change flagged in at most 5 % \
      of cases, and each demand of the policy called broken by chance in at most 5 %. The same window again keeps its number and verdict.

      The worst window decides the exit code: 0 if the policy is met, 2 if it is broken, 3 if there are not enough data \
      or something has changed. Unlabelled data alone never give 0.
      """)

  @Option(help: "The folder of the audit or evaluation that was the basis of the release.", completion: .directory)
  var reference: String

  @Option(
    name: .customLong("window"), parsing: .upToNextOption,
    help: "CSV files, one per window, in order of time.", completion: .file(extensions: ["csv"]))
  var windows: [String]

  @Option(
    parsing: .upToNextOption,
    help: "The reference's predictions, if they are not in its folder.",
    completion: .file(extensions: ["csv"]))
  var referencePredictions: [String] = []

  @Option(
    help:
      "A CSV file with the inputs of the reference's items, matched by the column item or path; image paths are relative to it.",
    completion: .file(extensions: ["csv"]))
  var referenceManifest: String?

  @Option(help: "The released arm; default: the one that --model belongs to, or the only one.")
  var arm: String?

  @Option(help: "The seed of the released run; default: the one that --model belongs to, or the only one.")
  var seed: Int?

  @Option(
    help:
      "The released checkpoint or adapter, such as smile-audit/checkpoints/lora-r8/seed-13, which predicts manifests.",
    completion: .directory)
  var model: String?

  @Option(
    help: "The checkpoint that the adapter was made for; default: the one that the adapter names.",
    completion: .directory)
  var base: String?

  @Option(help: "Columns of inputs to watch, separated by commas: numbers or categories.")
  var inputs: String = ""

  @Option(
    help:
      "Columns of inputs to watch as categories, whatever they look like, such as postal codes; separated by commas.")
  var categorical: String = ""

  @Option(help: "A column of texts whose length is watched, and which --model reads from a manifest.")
  var text: String?

  @Flag(help: "Watch the brightness and contrast of the images in the column path or item.")
  var images = false

  @Option(help: "The column of labels in the windows.")
  var label: String = "label"

  @Option(help: "A policy in YAML instead of the reference's.", completion: .file(extensions: ["yaml", "yml"]))
  var policy: String?

  @Option(
    help: "The file that keeps the series of windows; default: monitor-series.json in the reference's folder.",
    completion: .file(extensions: ["json"]))
  var series: String?

  @Option(help: "The language of the lines: en or ja.")
  var language: String = "en"

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: "A folder for monitor.json and monitor.csv.", completion: .directory)
  var output: String?

  func validate() throws {
    try PathOptions.requireNotEmpty([
      "--reference": reference, "--reference-manifest": referenceManifest, "--model": model, "--base": base,
      "--policy": policy, "--series": series, "--output": output,
    ])
    if windows.isEmpty { throw ValidationError("Missing expected argument '--window <file>'") }
    if Language(rawValue: language) == nil { throw ValidationError("--language must be en or ja") }
  }

  func run() throws {
    let outcome = try Session.reportingErrors(otherwise: .wrongInput) { try watch() }
    if outcome.exitCode != 0 { throw ExitCode(outcome.exitCode) }
  }

  private func watch() throws -> Judgement.Outcome {
    let monitor = try Monitor(settings())
    let predictor = WindowPredictor(model: model, base: base, column: text)
    defer { predictor.removeFiles() }
    let file = WindowSeriesFile(path: series ?? "\(reference)/\(WindowSeriesFile.defaultName)")
    let (files, reports) = try file.update(reference: monitor.seriesReference) { series in
      let files = try windows.map(predictor.windowFile)
      return (files, try monitor.reports(of: files, in: &series, at: Date.now.formatted(.iso8601)))
    }
    if !json {
      let language = Language(rawValue: language) ?? .english
      for (file, report) in zip(files, reports) {
        if let note = file.note { print("note: \(note)") }
        for line in report.lines(in: language) { print(line) }
      }
      print(reports.seriesLine(keptIn: file.path, in: language))
    }
    let document = try monitor.document(of: reports)
    if json { print(String(decoding: document, as: UTF8.self), terminator: "") }
    if let output {
      try [
        ReportFile(path: "monitor.json", bytes: document),
        ReportFile(path: "monitor.csv", bytes: reports.table()),
      ].write(below: output)
    }
    return reports.outcome
  }

  private func settings() throws -> MonitoringSettings {
    MonitoringSettings(
      reference: reference, referencePredictions: referencePredictions, referenceManifest: referenceManifest, arm: arm,
      seed: seed, model: model,
      inputs: OptionList.names(inputs), categorical: OptionList.names(categorical),
      text: text, images: images, label: label,
      policy: try policy.map { try PolicyFile(file: $0).policy })
  }
}

/// Lets `tenbin-worker` predict the windows that are manifests.
private struct WindowPredictor {
  let model: String?
  let base: String?
  /// The manifest's column of texts; nil for the default of `predict`.
  let column: String?
  private let folder = FileManager.default.temporaryDirectory.appending(path: "tenbin-monitor-\(UUID().uuidString)")

  /// The window, with predictions in the same file or in a file of their own.
  func windowFile(_ file: String) throws -> WindowFile {
    var window = try WindowFile(file: file)
    guard !window.holdsPredictions else { return window }
    guard let model else {
      throw MonitoringError(
        file, line: 1,
        "there are no columns logit_CLASS or probability_CLASS; for a manifest name the released model with --model")
    }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let output = folder.appending(path: "\(UUID().uuidString).csv").path(percentEncoded: false)
    let process = Process()
    process.executableURL = URL(filePath: try WorkerProgram.path())
    process.arguments =
      ["predict"] + (try models(model)) + ["--manifest", file, "--output", output]
      + (column.map { ["--column", $0] } ?? [])
    // Its progress and problems are for the user; its output must not get into --json.
    process.standardOutput = FileHandle.standardError
    try process.run()
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw MonitoringError(file, "could not be predicted with \(model); see the line above")
    }
    window.predictions = output
    return window
  }

  func removeFiles() { try? FileManager.default.removeItem(at: folder) }

  /// An adapter needs the checkpoint that it was made for, which it names.
  private func models(_ model: String) throws -> [String] {
    let file = "\(model)/adapter_config.json"
    guard FileManager.default.fileExists(atPath: file) else { return ["--model", model] }
    guard let base else {
      guard let bytes = FileManager.default.contents(atPath: file),
        let adapter = try? JSONDecoder().decode(Adapter.self, from: bytes), let named = adapter.base
      else {
        throw MonitoringError(file, "does not say which checkpoint the adapter was made for; name it with --base")
      }
      guard FileManager.default.fileExists(atPath: named) else {
        throw MonitoringError(file, "the adapter was made for \(named), which is not there; name it with --base")
      }
      return ["--model", named, "--adapter", model]
    }
    return ["--model", base, "--adapter", model]
  }

  private struct Adapter: Decodable {
    let base: String?

    enum CodingKeys: String, CodingKey {
      case base = "base_model_name_or_path"
    }
  }
}
