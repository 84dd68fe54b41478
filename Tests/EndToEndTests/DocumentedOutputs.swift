import Foundation
import TestSupport
import Testing

/// Holds what an output folder contains against docs/outputs.md.
enum DocumentedOutputs {
  private static let page = "docs/outputs.md"

  /// Every entry of the folder, every key of results.json and every column of every table is on the page.
  static func check(_ folder: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let text = try Documentation.text(of: page)
    for entry in try FileManager.default.contentsOfDirectory(atPath: folder)
    where !entry.hasPrefix(".") && !entry.hasPrefix("ledger.sqlite-") {
      #expect(text.contains("`\(entry)"), "\(page) does not say what \(entry) is", sourceLocation: sourceLocation)
    }
    if let bytes = FileManager.default.contents(atPath: "\(folder)/results.json") {
      let results = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
      if results["kind"] == nil {
        for key in results.keys {
          #expect(text.contains("`\(key)`"), "\(page) lacks the key \(key)", sourceLocation: sourceLocation)
        }
      }
    }
    let columns = columns(in: text)
    for file in try FileManager.default.subpathsOfDirectory(atPath: folder) where file.hasSuffix(".csv") {
      guard !file.hasPrefix("predictions/"), let bytes = FileManager.default.contents(atPath: "\(folder)/\(file)")
      else {
        continue
      }
      let name = URL(filePath: file).lastPathComponent
      let header = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first?.split(separator: ",")
      #expect(
        columns[file.contains("tables/") ? "tables/\(name)" : name] == header?.map(String.init),
        "\(page) has other columns of \(name)", sourceLocation: sourceLocation)
    }
  }

  /// The columns that stand in the block under each file's heading.
  private static func columns(in text: String) -> [String: [String]] {
    var columns: [String: [String]] = [:]
    for section in text.components(separatedBy: "\n### `").dropFirst() {
      guard let end = section.firstIndex(of: "`"), let block = section.firstRange(of: "```text\n"),
        let close = section[block.upperBound...].firstRange(of: "```")
      else { continue }
      columns[String(section[..<end])] = section[block.upperBound..<close.lowerBound]
        .split(whereSeparator: \.isWhitespace).map(String.init)
    }
    return columns
  }
}
