import Datasets
import Foundation
import Support

/// A feature of the inputs that is watched, in addition to the model's scores.
package enum InputFeature: Hashable, Sendable {
  case column(String)
  /// Characters of the text in this column.
  case length(String)
  /// The mean luminance of the image, from 0 to 1.
  case brightness
  /// The standard deviation of the luminance of the image's pixels.
  case contrast

  package var name: String {
    switch self {
    case .column(let name): name
    case .length(let name): "length of \(name)"
    case .brightness: "brightness"
    case .contrast: "contrast"
    }
  }
}

/// Values of an input that no item of the reference has.
package struct NewValues: Equatable, Sendable {
  package let feature: InputFeature
  /// Whether the reference has numbers throughout, and these are none.
  package let isNoNumber: Bool
  /// Items that have one of them, and items that have any value.
  package let items: Int
  package let of: Int
  /// The different ones, the most frequent first.
  package let values: [String]

  /// nil if there are none, or the samples are not of categories or numbers both.
  init?(_ feature: InputFeature, reference: InputValues, window: InputValues) {
    let found: [String]
    switch (reference, window) {
    case (.numbers, .numbers(let numbers, let others)):
      found = Array(others.values)
      of = found.count + numbers.count { $0 != nil }
      isNoNumber = true
    case (.categories(let before), .categories(let after)):
      let known = Set(before.compactMap(\.self))
      let all = after.compactMap(\.self)
      found = all.filter { !known.contains($0) }
      of = all.count
      isNoNumber = false
    default: return nil
    }
    guard !found.isEmpty else { return nil }
    var counts: [String: Int] = [:]
    for value in found { counts[value, default: 0] += 1 }
    self.feature = feature
    items = found.count
    values = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
  }
}

/// One feature of the items of a sample; nil if it is missing.
package enum InputValues: Sendable {
  /// - Parameter others: By position, the text that an item has instead of a number.
  case numbers([Double?], others: [Int: String] = [:])
  case categories([String?])
  case undefined(reason: String)
}

extension InputValues {
  /// A column's cells: numbers where every cell of the reference is a number, unless it is declared to be of categories;
  /// otherwise categories. An empty cell is missing, and text in a window's column of numbers is kept beside them.
  ///
  /// - Throws: `MonitoringError` for an item without a row.
  static func column(
    _ name: String, isCategorical: Bool, reference: (ItemColumns, [String]), window: (ItemColumns, [String])
  ) throws(MonitoringError) -> (InputValues, InputValues) {
    guard let first = try reference.0.cells(name, of: reference.1) else {
      let reason =
        "the reference has no column \(name) in \(reference.0.file)" + manifestHint
      return (.undefined(reason: reason), .undefined(reason: reason))
    }
    guard let second = try window.0.cells(name, of: window.1) else {
      let reason = "the window has no column \(name)"
      return (.undefined(reason: reason), .undefined(reason: reason))
    }
    func text(_ cells: [String]) -> [String?] { cells.map { $0.isEmpty ? nil : $0 } }
    let numbers = first.map(number)
    guard !isCategorical, first.contains(where: { !$0.isEmpty }),
      zip(first, numbers).allSatisfy({ $0.isEmpty || $1 != nil })
    else { return (.categories(text(first)), .categories(text(second))) }
    var others: [Int: String] = [:]
    for (item, cell) in second.enumerated() where !cell.isEmpty && number(cell) == nil { others[item] = cell }
    return (.numbers(numbers), .numbers(second.map(number), others: others))
  }

  /// Paths of images and texts are relative to a manifest, which is usually another file than the predictions.
  static let manifestHint = "; name its manifest with --reference-manifest"

  /// The characters of a column's cells.
  static func length(
    _ name: String, _ columns: ItemColumns, of items: [String], called side: String, hint: String = ""
  ) throws(MonitoringError) -> InputValues {
    guard let cells = try columns.cells(name, of: items) else {
      return .undefined(reason: "the \(side) has no column \(name) in \(columns.file)\(hint)")
    }
    return .numbers(cells.map { Double($0.count) })
  }

  /// Brightness and contrast of every item's image.
  ///
  /// - Parameter hint: What to do if an image cannot be read.
  static func images(
    _ columns: ItemColumns, of items: [String], called side: String, hint: String = ""
  ) -> (brightness: InputValues, contrast: InputValues) {
    var brightness: [Double?] = []
    var contrast: [Double?] = []
    do {
      for path in try columns.imagePaths(of: items) {
        let luminance = Luminance(try RGBImage(decoding: path))
        brightness.append(luminance.mean)
        contrast.append(luminance.standardDeviation)
      }
    } catch {
      let reason = "an image of the \(side) cannot be read: \(error)\(hint)"
      return (.undefined(reason: reason), .undefined(reason: reason))
    }
    return (.numbers(brightness), .numbers(contrast))
  }

  private static func number(_ text: String) -> Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }
}

/// How light an image is, by the luma of ITU-R BT.601, .299 R + .587 G + .114 B, from 0 to 1.
struct Luminance: Equatable, Sendable {
  let mean: Double
  let standardDeviation: Double

  init(_ image: RGBImage) {
    // Whole numbers, so that sums are exact: the luma times 1,000, up to 255,000.
    var (sum, squares) = (0, 0.0)
    var position = 0
    let bytes = image.bytes
    while position + 2 < bytes.count {
      let luma = 299 * Int(bytes[position]) + 587 * Int(bytes[position + 1]) + 114 * Int(bytes[position + 2])
      sum += luma
      squares += Double(luma) * Double(luma)
      position += 3
    }
    let n = Double(max(1, bytes.count / 3))
    let average = Double(sum) / n
    mean = average / 255_000
    standardDeviation = max(0, squares / n - average * average).squareRoot() / 255_000
  }
}

/// Further columns of a CSV, looked up by item.
struct ItemColumns: Sendable {
  private let table: CommaSeparatedValues
  /// The position of each item's row, the first where there are several.
  private let rows: [String: Int]
  private let folder: String

  /// - Parameter items: all there; `item`, or else `path`, is the column that names the first of them.
  init(_ table: CommaSeparatedValues, items: [String]) throws(MonitoringError) {
    let keys = ["item", "path"].compactMap { table.column($0) }
    let first = items.first ?? ""
    guard let column = keys.first(where: { key in table.rows.contains { $0.fields[key] == first } }) ?? keys.first
    else {
      throw MonitoringError(
        table.file, line: 1,
        "there is no column item, nor path, by which items are found; found: \(table.header.joined(separator: ", "))")
    }
    self.table = table
    rows = Dictionary(table.rows.enumerated().map { ($1.fields[column], $0) }) { first, _ in first }
    folder = table.file.split(separator: "/", omittingEmptySubsequences: false).dropLast().map { $0 + "/" }.joined()
  }

  var file: String { table.file }

  func has(_ column: String) -> Bool { table.column(column) != nil }

  /// The cell of every item; nil if the column is missing.
  ///
  /// - Throws: `MonitoringError` for an item without a row.
  func cells(_ name: String, of items: [String]) throws(MonitoringError) -> [String]? {
    guard let column = table.column(name) else { return nil }
    var cells: [String] = []
    cells.reserveCapacity(items.count)
    for item in items {
      guard let row = rows[item].map({ table.rows[$0] }) else {
        throw MonitoringError(table.file, "there is no row of item \(item); expected all predicted items")
      }
      cells.append(row.fields[column].trimmingCharacters(in: .whitespaces))
    }
    return cells
  }

  /// The path of every item's image: the column `path`, otherwise the item's name, relative to the file's folder.
  func imagePaths(of items: [String]) throws(MonitoringError) -> [String] {
    let paths = try cells("path", of: items) ?? items
    return paths.map { $0.hasPrefix("/") ? $0 : folder + $0 }
  }
}
