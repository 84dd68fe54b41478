package import Specification

/// Something that may help a group which an arm serves badly.
package struct Remedy: Sendable, Equatable {
  /// The name of its arm, its specification and its folder.
  package let name: String
  /// What it does, in a line.
  package let description: String
  package let means: Means

  package var needsTraining: Bool { if case .training = means { true } else { false } }

  package enum Means: Sendable, Equatable {
    /// Trained anew.
    case training(SpecificationVariant)
    /// Trained already, by the audit itself.
    case arm(String)
    /// All logits divided by a temperature that is fitted to validation items.
    case temperature
    /// The group's own threshold, of the highest accuracy among its validation items.
    case threshold
  }
}

/// A group, as it is named on the command line.
package struct GroupInNeed: Sendable, Equatable, CustomStringConvertible {
  package let column: String
  package let value: String

  /// - Parameter text: COLUMN=VALUE.
  package init(_ text: String) throws(RemedyError) {
    guard let sign = text.firstIndex(of: "="), sign > text.startIndex, text.index(after: sign) < text.endIndex else {
      throw RemedyError("--group is \"\(text)\"; expected COLUMN=VALUE, for example lighting=dusk")
    }
    column = String(text[..<sign])
    value = String(text[text.index(after: sign)...])
  }

  package var description: String { "\(column)=\(value)" }
}

/// Why no remedy can be tried or compared.
package struct RemedyError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
