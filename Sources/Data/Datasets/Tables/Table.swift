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

  /// The file's path, or the name under which the bytes came.
  package let file: String
  /// The columns' names, none of them repeated; empty where a column has none.
  package let header: [String]
  /// At least one row.
  package let rows: [Row]

  /// Reads the file at `path`: JSON Lines where its name ends in `.jsonl` or `.ndjson`, comma-separated values else.
  ///
  /// - Parameter columns: The columns that are asked for; nil for all. JSON that cannot be a cell is an error in these
  ///   and an empty cell in the others.
  package init(file path: String, columns: Set<String>? = nil) throws(TableError) {
    let name = path.lowercased()
    if name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") {
      do throws(JSONLinesError) {
        self = try JSONLines.table(file: path, columns: columns)
      } catch {
        throw .jsonLines(error)
      }
    } else {
      do throws(CommaSeparatedValuesError) {
        let values = try CommaSeparatedValues(file: path)
        self.init(file: values.file, header: values.header, rows: values.rows)
      } catch {
        throw .commaSeparatedValues(error)
      }
    }
  }

  init(file: String, header: [String], rows: [Row]) {
    self.file = file
    self.header = header
    self.rows = rows
  }

  /// The position of the column called `name`.
  package func column(_ name: String) -> Int? { header.firstIndex(of: name) }
}

/// What is wrong with a table, in the words of its format.
package enum TableError: Error, Hashable, CustomStringConvertible {
  case commaSeparatedValues(CommaSeparatedValuesError)
  case jsonLines(JSONLinesError)

  package var description: String {
    switch self {
    case .commaSeparatedValues(let error): error.description
    case .jsonLines(let error): error.description
    }
  }
}
