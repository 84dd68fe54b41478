/// Something about one item that whoever reads figures should know.
package struct DataNote: Equatable, Sendable {
  package enum Kind: String, Codable, CaseIterable, Sendable {
    /// Its text is longer than what the model was given of it.
    case cut
    /// A file that is no item.
    case leftOut = "left out"
    /// Equal, byte for byte, to one with another label.
    case labelledDifferently = "labelled differently"
  }

  package var kind: Kind
  package var item: String
  package var detail: String

  package init(kind: Kind, item: String, detail: String) {
    (self.kind, self.item, self.detail) = (kind, item, detail)
  }
}

extension AuditReport {
  /// What is to be said of single items, which are named: a file of its own, like that of the most exposed ones.
  package func dataNotesFile() -> ReportFile {
    var table = CommaSeparatedTable(header: ["kind", "item", "detail"])
    for note in dataNotes { table.append([note.kind.rawValue, note.item, note.detail]) }
    return ReportFile(path: "data_notes.csv", bytes: table.bytes)
  }

  /// How many items there are of each kind; nothing where there are none.
  var dataNotesText: String? {
    let counts = DataNote.Kind.allCases.compactMap { kind -> String? in
      let count = dataNotes.count { $0.kind == kind }
      return count == 0 ? nil : "\(Figures.count(count)) \(kind.rawValue)"
    }
    return counts.isEmpty ? nil : counts.joined(separator: ", ") + "; data_notes.csv names them"
  }
}
