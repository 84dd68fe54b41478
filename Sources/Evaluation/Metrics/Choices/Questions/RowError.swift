/// Why a row of a file holds no question or frame. Texts are named by their position, since they may be offensive.
package struct RowError: Error, Equatable, Sendable {
  package enum Problem: Error, Equatable, Sendable {
    case noRows
    case invalidUTF8
    case invalidJSON
    case notAnObject
    case repeatedKey(String)
    case missing(key: String)
    case unexpected(key: String, expected: String)
    /// `noun` is what the choices are called: option or candidate.
    case tooFew(noun: String, found: Int)
    case empty(noun: String, position: Int)
    case equal(noun: String, first: Int, second: Int)
    /// The value of a key is neither the position nor the text of an option.
    case noOption(key: String, options: Int)
    case sameOption(first: String, second: String)
    case ambiguousWithAnotherAnswer
    case repeatedIdentifier(String, firstRow: Int)
    case noSlot
    case severalSlots(found: Int)
    case nothingBeforeSlot
  }

  package var file: String
  /// Counted from 1; `nil` for the file as a whole.
  package var row: Int?
  package var problem: Problem

  package init(file: String, row: Int?, problem: Problem) {
    self.file = file
    self.row = row
    self.problem = problem
  }
}

extension RowError: CustomStringConvertible {
  package var description: String { "\(file)\(row.map { ", row \($0)" } ?? ""): \(problem)" }
}

extension RowError.Problem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noRows: "there are no rows; expected one JSON object a line."
    case .invalidUTF8: "the row is not valid UTF-8; save the file in that encoding."
    case .invalidJSON: "the row is no valid JSON; expected one object a line."
    case .notAnObject: "the row is JSON but no object; expected keys and values in braces."
    case .repeatedKey(let key): "the key \"\(key)\" stands twice; leave one."
    case .missing(let key): "the key \"\(key)\" is missing; add it."
    case .unexpected(let key, let expected): "\"\(key)\" has an unexpected value; expected \(expected)."
    case .tooFew(let noun, let found): "there are too few \(noun)s, \(found); expected at least two."
    case .empty(let noun, let position): "\(noun) \(position) (from 0) is empty; give it a text or leave it out."
    case .equal(let noun, let first, let second):
      "\(noun)s \(first) and \(second) (from 0) are equal; a choice between them says nothing."
    case .noOption(let key, let options):
      "\"\(key)\" is none of the options; expected a position from 0 to \(options - 1) or an option's exact text."
    case .sameOption(let first, let second): "\"\(first)\" and \"\(second)\" name the same option; expected two."
    case .ambiguousWithAnotherAnswer:
      "the context is ambiguous and the answer another than the unknown option; expected that one."
    case .repeatedIdentifier(let identifier, let firstRow):
      "the identifier \(identifier) stands in row \(firstRow) already; give every row its own."
    case .noSlot: "the frame has no slot; mark the place of the candidates with _ or {slot}."
    case .severalSlots(let found):
      "the frame has \(found) slots; expected one. Where it holds other underscores, mark the slot with {slot}."
    case .nothingBeforeSlot: "nothing stands before the slot; candidates are scored given the text before it."
    }
  }
}
