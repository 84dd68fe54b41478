internal import Foundation

/// The columns of groups as a user names them, checked as far as that is possible without the data.
package struct GroupOptions: Equatable, Sendable {
  package let groups: [String]
  /// Columns that are combined, two or three each.
  package let combinations: [[String]]

  /// - Parameters:
  ///   - groups: column names with commas between them.
  ///   - combine: column names with `+` between them, a combination each.
  /// - Throws: `GroupOptionsError` for what is named twice, or for a combination of too few or too many columns.
  package init(groups: String, combine: [String]) throws(GroupOptionsError) {
    self.groups = OptionList.names(groups)
    combinations = combine.map { OptionList.names($0, separator: "+") }
    if let twice = Self.firstRepeated(self.groups) {
      throw GroupOptionsError("--groups names the column \(twice) twice; name it once")
    }
    for (text, columns) in zip(combine, combinations) {
      guard (2...3).contains(columns.count), Self.firstRepeated(columns) == nil else {
        throw GroupOptionsError("--combine \(text): expected two or three different columns with + between them")
      }
    }
    // In another order they would be the same groups, counted twice in the declared family.
    if let place = combinations.indices.first(where: { place in
      combinations[..<place].contains { Set($0) == Set(combinations[place]) }
    }) {
      throw GroupOptionsError("--combine \(combine[place]): these columns are combined twice; name them once")
    }
  }

  private static func firstRepeated(_ names: [String]) -> String? {
    names.indices.first { names[..<$0].contains(names[$0]) }.map { names[$0] }
  }
}

/// What is wrong with the options that name groups, and which of them it is.
package struct GroupOptionsError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

/// Names on the command line with something between them.
package enum OptionList {
  /// The names, without blanks around them; empty ones are left out.
  package static func names(_ text: String, separator: Character = ",") -> [String] {
    text.split(separator: separator).map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }
}
