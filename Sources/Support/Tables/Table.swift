/// A header and rows of text cells, as a manifest holds them.
///
///     let table = try Table(file: "data/reviews.jsonl", columns: ["text", "stars"])
///     let stars = table.column("stars").map { table.rows[0].fields[$0] }
package struct Table: Hashable, Sendable {
  package struct Row: Hashable, Sendable {
    /// The physical line on which the row begins, counted from one.
    package let line: Int
    /// One value for each column of the header.
    package let fields: [String]
  }

  /// The file's path, or the name given with the bytes.
  package let file: String
  /// The columns' names, none of them repeated; empty if a column has none.
  package let header: [String]
  /// At least one row.
  package let rows: [Row]
  /// How the file was read where that was not a matter of course, in a sentence.
  package let note: String?

  /// Reads the file at `path`: JSON Lines where its name ends in `.jsonl` or `.ndjson`, or in `.json` and it begins as
  /// JSON does; otherwise comma-separated values, or such with semicolons or tabs.
  ///
  /// - Parameter columns: The columns to read; nil for all. JSON that cannot be a cell is an error in these and an
  ///   empty cell in the others.
  package init(file path: String, columns: Set<String>? = nil) throws(TableError) {
    let name = path.lowercased()
    if name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson")
      || name.hasSuffix(".json") && JSONLines.beginsAsJSON((try? FileBytes.read(path)) ?? [])
    {
      self = try JSONLines.table(file: path, columns: columns)
    } else {
      let values = try CommaSeparatedValues(file: path)
      self.init(file: values.file, header: values.header, rows: values.rows, note: values.note)
    }
  }

  init(file: String, header: [String], rows: [Row], note: String? = nil) {
    self.file = file
    self.header = header
    self.rows = rows
    self.note = note
  }

  /// The position of the column called `name`.
  package func column(_ name: String) -> Int? { header.firstIndex(of: name) }
}

/// What is wrong with a table of comma-separated values or JSON Lines, and on which line.
package struct TableError: Error, Hashable, CustomStringConvertible {
  package enum Problem: Error, Hashable {
    case unreadable(reason: String)
    case invalidUTF8

    // Comma-separated values.
    /// A row has more or fewer fields than the header.
    case raggedRow(expected: Int, found: Int, separator: String = "commas")
    /// The header holds several separators, and the table has a form with more than one of them.
    case ambiguousSeparator([String])
    /// A quoted field, opened on this line, is never closed.
    case unterminatedQuote
    /// Something other than a separator or the end of the line follows a closing quote.
    case textAfterClosingQuote
    /// A quote occurs inside a field that does not begin with one.
    case quoteInsideField
    /// A carriage return without the line feed that belongs to it.
    case bareCarriageReturn
    case duplicateColumnName(name: String)
    /// There is no header, or nothing below it.
    case noRows

    // JSON Lines.
    /// The line is not JSON (RFC 8259); `byte` is the position in the line, counted from one.
    case notJSON(expected: String, byte: Int)
    /// The line is JSON, but not an object.
    case notAnObject(found: String)
    case repeatedKey(key: String)
    case emptyKey
    /// The value of a key to read is not a string, number, boolean, null or array of strings.
    case notACell(key: String, found: String)
    /// A tag in the array of a key to read holds a `;`, the separator of tags.
    case separatorInTag(key: String)
    /// The file is one JSON array rather than lines of objects.
    case jsonArray
    /// More keys than `JSONLines.columnLimit` in all.
    case tooManyKeys
    /// All lines are blank, or no object has a key.
    case noObjects
  }

  package let file: String
  /// The physical line, counted from one: a quoted field may span several. nil if the error concerns the whole file.
  package let line: Int?
  package let problem: Problem

  package init(file: String, line: Int?, problem: Problem) {
    self.file = file
    self.line = line
    self.problem = problem
  }

  package var description: String {
    line.map { "\(file), line \($0): \(explanation)" } ?? "\(file): \(explanation)"
  }

  private var explanation: String {
    switch problem {
    case .unreadable(let reason): "cannot be read: \(reason)"
    case .invalidUTF8: "not UTF-8; save the file as UTF-8"
    case .raggedRow(let expected, 1, _) where expected > 1:
      "expected \(expected) fields as in the header, found 1 or an empty line"
    case .raggedRow(let expected, let found, "commas"):
      "expected \(expected) fields as in the header, found \(found); quote a field that holds a comma"
    case .raggedRow(let expected, let found, let separator):
      "expected \(expected) fields as in the header, found \(found); the file is read as separated by \(separator), as its "
        + "header is: quote a field that holds one"
    case .ambiguousSeparator(let names):
      "the header holds \(names.joined(separator: " and ")), and the rows fit either as separators; quote each cell that "
        + "holds one of them as text"
    case .unterminatedQuote: "the quoted field that begins here is never closed"
    case .textAfterClosingQuote:
      "text after a closing quote; expected a separator or the end of the line (a quote inside a field is doubled)"
    case .quoteInsideField: "a quote inside a field that is not quoted; quote the field and double the quote inside it"
    case .bareCarriageReturn: "a carriage return without a line feed; end lines with LF or CR LF"
    case .duplicateColumnName(let name): "two columns are called \"\(name)\"; names must differ"
    case .noRows: "expected a header and at least one row below it"
    case .notJSON(let expected, let byte): "not JSON: expected \(expected) at byte \(byte) of the line"
    case .notAnObject(let found): "expected a JSON object, {\"column\": value, …}, found \(found)"
    case .repeatedKey(let key): "the key \"\(key)\" occurs twice in this object; expected every key once"
    case .emptyKey: "a key is the empty string; every column needs a name"
    case .notACell(let key, let found):
      "the value of \"\(key)\" is \(found); expected a string, a number, true, false, null or an array of strings"
    case .separatorInTag(let key):
      "a tag in the array of \"\(key)\" holds a \";\", which separates tags; rename it"
    case .jsonArray:
      "a JSON array; expected one object a line, as is written by: jq -c '.[]' array.json > lines.jsonl"
    case .tooManyKeys:
      "the file has more than \(JSONLines.columnLimit) different keys; expected the same keys on every line"
    case .noObjects: "expected at least one line with a JSON object that has a key"
    }
  }
}
