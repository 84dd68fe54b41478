/// A question with two or more options, of which a model chooses one. Yes and no are two options like any others.
package struct ChoiceQuestion: Equatable, Sendable {
  package var identifier: String
  /// The row of the file it was read from, counted from 1.
  package var row: Int
  /// What stands before the question; `nil` where there is nothing.
  package var context: String?
  package var question: String
  /// At least two, none empty and no two equal.
  package var options: [String]
  /// The position of the right option; `nil` where none is right.
  package var answer: Int?
  /// `nil` where it is not said.
  package var condition: ContextCondition?
  /// What groups and clusters are made from: tags by key.
  package var attributes: [String: [String]]
  /// What a choice says about a stereotype; `nil` where it says nothing.
  package var bias: QuestionBias?

  package init(
    identifier: String, row: Int, context: String? = nil, question: String, options: [String], answer: Int? = nil,
    condition: ContextCondition? = nil, attributes: [String: [String]] = [:], bias: QuestionBias? = nil
  ) {
    self.identifier = identifier
    self.row = row
    self.context = context
    self.question = question
    self.options = options
    self.answer = answer
    self.condition = condition
    self.attributes = attributes
    self.bias = bias
  }
}
