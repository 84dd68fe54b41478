/// Why choices cannot be evaluated. Questions and frames are named by their identifiers.
package enum ChoiceError: Error, Equatable, Sendable {
  case noQuestions
  case noPromptVariants
  case repeatedPromptVariant(String)
  case repeatedQuestion(String)
  case badOptions(question: String)
  case optionOutside(question: String, option: Int, options: Int)
  case tooFewLabels(question: String, prompt: String, options: Int, labels: Int)
  case contextNotShown(question: String, prompt: String)
  /// Arms, seeds or comparisons are wrong in a way that they may be in any evaluation.
  case evaluation(EvaluationError)
  case scoreCount(arm: String, seed: Int?, expected: Int, found: Int)
  /// `location` says which question, prompt variant and option, or which frame and candidate.
  case badLogLikelihood(arm: String, seed: Int?, location: String, found: Double)
  case noTokens(arm: String, seed: Int?, location: String)
  case confidenceOutsideRange(Double)
  case tooFewResamples(Int)
  case tooManyCandidates(found: Int, most: Int)
  case unequalOptionCounts(question: String, expected: Int, found: Int)
}

extension ChoiceError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noQuestions: "There are no questions or frames; give at least one."
    case .noPromptVariants: "There is no prompt variant to ask questions in; give at least one."
    case .repeatedPromptVariant(let name): "The prompt variant \(name) is given twice; give each a name of its own."
    case .repeatedQuestion(let name): "\(name) is the identifier of two items; give each its own."
    case .badOptions(let question):
      "\(question): options and candidates must be two or more, none empty and no two equal."
    case .optionOutside(let question, let option, let options):
      "\(question): option \(option) is named; expected 0 to \(options - 1), each with one meaning."
    case .tooFewLabels(let question, let prompt, let options, let labels):
      "\(question) has \(options) options and the prompt variant \(prompt) \(labels) labels; give it more labels."
    case .contextNotShown(let question, let prompt):
      "\(question) has a context and the template of the prompt variant \(prompt) no slot {context}; add it."
    case .evaluation(let error): error.description
    case .scoreCount(let arm, let seed, let expected, let found):
      "Arm \(arm)\(Self.text(seed)) has \(found) scores; expected \(expected), one for every continuation."
    case .badLogLikelihood(let arm, let seed, let location, let found):
      "Arm \(arm)\(Self.text(seed)), \(location): the log-likelihood is \(found); expected a finite number up to 0. "
        + "The run diverged or its file is damaged."
    case .noTokens(let arm, let seed, let location):
      "Arm \(arm)\(Self.text(seed)), \(location): no token was scored; a continuation must not be cut off."
    case .confidenceOutsideRange(let confidence):
      "The confidence level is \(confidence); expected a share above .5 and below 1."
    case .tooFewResamples(let resamples): "There are \(resamples) resamples; expected at least 100."
    case .tooManyCandidates(let found, let most):
      "The frames have \(found) different candidates; expected at most \(most), the same ones in many frames."
    case .unequalOptionCounts(let question, let expected, let found):
      "\(question) has \(found) options and others \(expected); classes must be equally many for all items."
    }
  }

  private static func text(_ seed: Int?) -> String { seed.map { ", seed \($0)" } ?? "" }
}
