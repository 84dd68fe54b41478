/// What is wrong with a file of comma-separated values, and on which line.
package struct CommaSeparatedValuesError: Error, Hashable, CustomStringConvertible {
  package enum Problem: Hashable, Sendable {
    case unreadable(reason: String)
    /// A row has more or fewer fields than the header.
    case raggedRow(expected: Int, found: Int)
    /// A quoted field, opened on this line, is never closed.
    case unterminatedQuote
    /// Something other than a comma or the end of the line follows a closing quote.
    case textAfterClosingQuote
    /// A quote stands inside a field that does not begin with one.
    case quoteInsideField
    /// A carriage return without the line feed that belongs to it.
    case bareCarriageReturn
    case invalidUTF8
    case duplicateColumnName(name: String)
    /// There is no header, or nothing below it.
    case noRows
  }

  package let file: String
  /// The physical line, counted from one: a quoted field may span several. None when the whole file is meant.
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
    case .raggedRow(let expected, 1) where expected > 1:
      "expected \(expected) fields as in the header, found 1 or an empty line"
    case .raggedRow(let expected, let found):
      "expected \(expected) fields as in the header, found \(found); quote a field that holds a comma"
    case .unterminatedQuote: "the quoted field that begins here is never closed"
    case .textAfterClosingQuote:
      "text after a closing quote; expected a comma or the end of the line (a quote inside a field is doubled)"
    case .quoteInsideField: "a quote inside a field that is not quoted; quote the field and double the quote inside it"
    case .bareCarriageReturn: "a carriage return without a line feed; end lines with LF or CR LF"
    case .invalidUTF8: "not UTF-8; save the file as UTF-8"
    case .duplicateColumnName(let name): "two columns are called \"\(name)\"; names must differ"
    case .noRows: "expected a header and at least one row below it"
    }
  }
}
