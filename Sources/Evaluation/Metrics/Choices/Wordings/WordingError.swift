/// Why a way to ask questions is none. The name of the wording is known to whoever makes it.
package enum WordingError: Error, Equatable, Sendable {
  case emptyName
  case badLabels
  case noLabels
  case missingSlot(PromptTemplate.Slot)
  case unknownSlot(String)
  case repeatedSlot(PromptTemplate.Slot)
  case endsInSpace
  case emptyBlankPrompt
}

extension WordingError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .emptyName: "A wording has an empty name; give it one, such as \"letters\"."
    case .badLabels: "The labels of options must be two or more, none empty, with spaces around it or equal to another."
    case .noLabels: "The answer is a label and options have none; give them labels, or score their texts."
    case .missingSlot(let slot):
      "The template has no slot {\(slot.rawValue)}; put it where the \(slot.rawValue) belongs."
    case .unknownSlot(let name):
      "The template has a slot {\(name)}; expected "
        + PromptTemplate.Slot.allCases.map { "{\($0.rawValue)}" }.joined(separator: ", ") + "."
    case .repeatedSlot(let slot): "The template has the slot {\(slot.rawValue)} twice; leave one."
    case .emptyBlankPrompt:
      "Nothing is left of the template without the question, so that answers have nothing to be compared after; add text "
        + "such as \"Answer:\"."
    case .endsInSpace:
      "The template ends in white space or is empty; leave it out, since answers begin with a space of their own."
    }
  }
}
