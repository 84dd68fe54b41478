/// What is wrong with a file of JSON Lines, and on which line.
package struct JSONLinesError: Error, Hashable, CustomStringConvertible {
  package enum Problem: Error, Hashable {
    case unreadable(reason: String)
    /// The line is no JSON (RFC 8259); `byte` is the place in the line, counted from one.
    case notJSON(expected: String, byte: Int)
    /// The line is JSON of another kind.
    case notAnObject(found: String)
    case invalidUTF8
    case repeatedKey(key: String)
    case emptyKey
    /// The value under a key that is asked for is neither a string, number, boolean or null nor an array of strings.
    case notACell(key: String, found: String)
    /// A tag in the array under a key that is asked for holds the `;` that stands between tags.
    case separatorInTag(key: String)
    /// More keys than `JSONLines.columnLimit` in all.
    case tooManyKeys
    /// There is no line that is not blank, or no object has a key.
    case noRows
  }

  package let file: String
  /// The physical line, counted from one. None when the whole file is meant.
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
    case .notJSON(let expected, let byte): "no JSON: expected \(expected) at byte \(byte) of the line"
    case .notAnObject(let found): "expected a JSON object, {\"column\": value, …}, found \(found)"
    case .invalidUTF8: "not UTF-8; save the file as UTF-8"
    case .repeatedKey(let key): "the key \"\(key)\" stands twice in this object; expected every key once"
    case .emptyKey: "a key is the empty string; every column needs a name"
    case .notACell(let key, let found):
      "the value of \"\(key)\" is \(found); expected a string, a number, true, false, null or an array of strings"
    case .separatorInTag(let key):
      "a tag in the array of \"\(key)\" holds a \";\", which stands between tags; rename it"
    case .tooManyKeys:
      "the file has more than \(JSONLines.columnLimit) different keys; expected the same keys on every line"
    case .noRows: "expected at least one line with a JSON object that has a key"
    }
  }
}
