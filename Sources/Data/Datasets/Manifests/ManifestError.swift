package import Support

/// What is wrong with a manifest, and on which line.
package struct ManifestError: Error, Hashable, CustomStringConvertible {
  package enum Problem: Hashable, Sendable {
    case table(TableError.Problem)
    case missingColumn(name: String, columns: [String])
    /// A group name stands for two things, or a tag group lists a column twice or none.
    case ambiguousGroup(name: String)
    case emptyPath
    /// `path` names no readable regular file; `reason` is the system's.
    case unreadableFile(path: String, reason: String)
    case duplicatePath(path: String, firstLine: Int)
    /// The text is empty or nothing but white space.
    case emptyText(column: String)
    case emptyName(column: String)
    case duplicateName(column: String, name: String, firstLine: Int)
    case emptyLabel(column: String)
    case unknownLabel(label: String, classNames: [String])
    /// The class names given, or all the labels found, are fewer than two different ones.
    case tooFewClasses(classNames: [String])
    case notBoolean(column: String, value: String)
    case emptyCluster(column: String)
    case unknownSplit(column: String, value: String)
    /// A folder of faces, or one in it, cannot be listed; `reason` is the system's.
    case unreadableFolder(path: String, reason: String)
    /// A folder of faces holds no file with a name that says what it shows; `skipped` others.
    case noFaces(skipped: Int)
  }

  /// The manifest.
  package let file: String
  /// The physical line, counted from one; none when the whole file is meant.
  package let line: Int?
  package let problem: Problem

  package init(file: String, line: Int?, problem: Problem) {
    self.file = file
    self.line = line
    self.problem = problem
  }

  init(file: String, _ error: TableError) {
    self.init(file: file, line: error.line, problem: .table(error.problem))
  }

  package var description: String {
    switch problem {
    case .table(let problem): TableError(file: file, line: line, problem: problem).description
    default: line.map { "\(file), line \($0): \(explanation)" } ?? "\(file): \(explanation)"
    }
  }

  private var explanation: String {
    switch problem {
    case .table: ""
    case .missingColumn(let name, let columns): "no column \"\(name)\"; the columns are \(quoted(columns))"
    case .ambiguousGroup(let name):
      "the group \"\(name)\" must be named once and, if it is made of boolean columns, list at least one, each once"
    case .emptyPath: "the path is empty; expected the path of a JPEG or PNG file"
    case .unreadableFile(let path, let reason): "the image \(path) cannot be read: \(reason)"
    case .duplicatePath(let path, let firstLine): "\(path) is already on line \(firstLine); list every image once"
    case .emptyText(let column): "the text in column \"\(column)\" is empty; expected a text or no row"
    case .emptyName(let column): "column \"\(column)\" is empty; expected what the text is called"
    case .duplicateName(let column, let name, let firstLine):
      "\"\(name)\" in column \"\(column)\" is already on line \(firstLine); expected every name once"
    case .emptyLabel(let column): "the label in column \"\(column)\" is empty; label the row or remove it"
    case .unknownLabel(let label, let classNames): "the label \"\(label)\" is not one of \(quoted(classNames))"
    case .tooFewClasses(let classNames):
      "expected at least two different labels, each once, found \(classNames.isEmpty ? "none" : quoted(classNames))"
    case .notBoolean(let column, let value):
      "\"\(value)\" in column \"\(column)\"; expected true or false (also 1 or 0, yes or no)"
    case .emptyCluster(let column): "column \"\(column)\" is empty; expected what the item must not be separated from"
    case .unknownSplit(let column, let value):
      "\"\(value)\" in column \"\(column)\"; expected train, validation (also val, valid) or test"
    case .unreadableFolder(let path, let reason): "the folder \(path) cannot be read: \(reason)"
    case .noFaces(let skipped):
      "no photograph among \(skipped) files; expected names as in UTKFace, age_gender_race_time.jpg, "
        + "such as 26_1_2_20170116184024662.jpg"
    }
  }

  private func quoted(_ names: [String]) -> String {
    let shown = names.prefix(20).map { "\"\($0)\"" }.joined(separator: ", ")
    return names.count > 20 ? shown + " and \(names.count - 20) more" : shown
  }
}
