import ArgumentParser
import Datasets
import Foundation
import Specification
import Support

/// A commented specification for a table of the user's own.
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Write a commented specification from a table's columns.",
    discussion: """
      Guesses from names and values which column holds the image or the text, the label, the groups of people, the \
      cluster and the split. Comments give the reason for each guess and say what must be filled in.
      """)

  @Argument(
    help: "A CSV or JSON Lines file with one row per item.", completion: .file(extensions: ["csv", "jsonl", "ndjson"]))
  var table: String

  @Option(
    help: ArgumentHelp(
      "\(Specification.Task.allCases.map(\.rawValue).joined(separator: ", ")); guessed from the columns when left out.",
      valueName: "task"),
    completion: .list(Specification.Task.allCases.map(\.rawValue)))
  var task: String?

  @Option(help: "The file to write, which must not exist; standard output when left out.", completion: .file())
  var output: String?

  func validate() throws {
    try PathOptions.requireNotEmpty(["--output": output])
    if let task, Specification.Task(rawValue: task) == nil {
      let known = Specification.Task.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("there is no task \"\(task)\"; expected one of: \(known)")
    }
  }

  func run() throws {
    try Session.reportingErrors(otherwise: .wrongInput) {
      if let output, FileManager.default.fileExists(atPath: output) {
        throw CommandError("\(output) exists already; choose another --output or move it away")
      }
      // No column is required, so a value that cannot be a cell, such as an object, is skipped.
      let read = try Table(file: table, columns: [])
      let folder = URL(filePath: output ?? "init.yaml").deletingLastPathComponent()
      let draft = SpecificationDraft(
        header: read.header, rows: read.rows.map(\.fields), manifest: Self.path(of: table, from: folder),
        name: URL(filePath: table).deletingPathExtension().lastPathComponent,
        task: task.flatMap(Specification.Task.init))
      let isLines = [".jsonl", ".ndjson"].contains { table.lowercased().hasSuffix($0) }
      guard !draft.task.isPrompted || isLines else {
        throw CommandError(
          "\(table): the task \(draft.task.rawValue) reads JSON Lines, one item a line; docs/tasks.md lists the keys")
      }
      guard let output else {
        print(draft.yaml, terminator: "")
        return
      }
      try DurableFile.write(Array(draft.yaml.utf8), to: output)
      print("wrote \(output)")
      if let note = read.note { print("note: \(note)") }
      for sentence in draft.missing { print("fill in or check \(sentence)") }
      print("then: tenbin audit \(output) --dry-run")
    }
  }

  /// The path of `file` relative to `folder`.
  private static func path(of file: String, from folder: URL) -> String {
    let target = URL(filePath: file).standardizedFileURL.pathComponents
    let start = folder.standardizedFileURL.pathComponents
    let shared = zip(target, start).prefix { $0 == $1 }.count
    return (Array(repeating: "..", count: start.count - shared) + target.dropFirst(shared)).joined(separator: "/")
  }
}
