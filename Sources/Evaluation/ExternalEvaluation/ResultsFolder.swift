import Foundation
package import Report
package import Support

/// The output folder of `evaluate` or `attack`: a new one, or one that the same command has written before.
package struct ResultsFolder {
  /// The command that writes it.
  package enum Kind: String, Sendable {
    case evaluation = "an evaluation"
    case attack = "an attack"

    /// The names that it has in its folder.
    fileprivate var entries: Set<String> {
      switch self {
      case .evaluation:
        // A series of windows knows by its reference whether it still belongs to what is evaluated anew.
        Set(["results.json", "report.html", "tables", "predictions"]).union(WindowSeriesFile.defaultNames)
      case .attack: ["results.json", "report.html", "tables", "exposed_items.csv"]
      }
    }
  }

  private let path: String
  /// Files of earlier results that new ones may not write over, as they belong to arms that may be gone.
  private let earlier: [String]

  /// - Throws: `ResultsFolderError` if the folder holds anything else, which must not be overwritten or mixed with.
  package init(_ path: String, of kind: Kind) throws(ResultsFolderError) {
    self.path = path
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    guard !contents.isEmpty else {
      earlier = []
      return
    }
    guard contents.allSatisfy(kind.entries.contains) else {
      let other = contents.filter { !kind.entries.contains($0) }.sorted()
      throw ResultsFolderError(folder: path, kind: kind, found: other.first ?? "")
    }
    guard let bytes = try? Data(contentsOf: URL(filePath: "\(path)/results.json")),
      let head = try? JSONDocument.decode(Head.self, from: bytes), head.resultsKind == kind
    else {
      throw ResultsFolderError(
        folder: path, kind: kind, found: contents.contains("results.json") ? "other results" : contents.sorted()[0])
    }
    earlier = (head.arms ?? []).map { "predictions/\($0.name.predictionsFile)" }
  }

  /// Writes new results, without what is left of earlier ones.
  package func write(_ files: [ReportFile]) throws {
    let new = Set(files.map(\.path))
    // First, so that results.json never hides that something of earlier results is left.
    for file in earlier where !new.contains(file) && FileManager.default.fileExists(atPath: "\(path)/\(file)") {
      try FileManager.default.removeItem(atPath: "\(path)/\(file)")
    }
    try files.write(below: path)
  }

  /// What tells whose results.json it is, of this version or an earlier one.
  private struct Head: Decodable {
    struct Plan: Decodable { let version: Int }
    struct Arm: Decodable { let name: String }

    let kind: String?
    let plan: Plan?
    let arms: [Arm]?

    var resultsKind: Kind? {
      if kind != nil { return kind == "attack" ? .attack : nil }
      return plan?.version == 0 ? .evaluation : nil
    }
  }
}

extension [ReportFile] {
  /// Writes every file below a folder, which is made where it is not there.
  package func write(below folder: String) throws(FileError) {
    for file in self {
      let path = "\(folder)/\(file.path)"
      try FileBytes.makeFolder(of: path)
      try DurableFile.write(file.bytes, to: path)
    }
  }
}

/// A folder that must not be written into.
package struct ResultsFolderError: Error, Equatable, Sendable, CustomStringConvertible {
  let folder: String
  let kind: ResultsFolder.Kind
  /// What is in it.
  let found: String

  package var description: String {
    "\(folder): the folder holds something other than \(kind.rawValue) (\(found)); choose an empty or a new --output"
  }
}
