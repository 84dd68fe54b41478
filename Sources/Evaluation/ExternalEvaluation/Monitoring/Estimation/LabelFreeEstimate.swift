import Metrics
package import Statistics
internal import Support

/// An estimate of a window's accuracy without its labels, from confidence that was calibrated on the reference.
///
/// It holds as long as inputs alone change (covariate shift), so that the same confidence means the same chance of being
/// right. Where the label of an input changes, confidence does not notice, and neither does the estimate.
package struct LabelFreeEstimate: Equatable, Sendable {
  /// The accuracy of the stream that the window is a sample of, as `CalibratedTransfer` has it. What labels of these very
  /// items would show varies about it by √(p(1 − p)/n) more.
  package let accuracy: Estimate
  /// Mean stated confidence of the window, as the model says it.
  package let meanConfidence: Double
  /// Items of the reference that were calibrated on.
  package let referenceItems: Int
  /// The group has too few of its own, or too few errors among them, and all items of the reference stand for it: a guess that nothing is judged by.
  package let isBorrowed: Bool

  package static let fewestReferenceItems = 50
  /// Right and wrong answers of the reference, each: with fewer, resampling does not know how they depend on confidence, and
  /// intervals are too narrow (92 instead of 95 % at seven).
  package static let fewestAnswers = 10
  package static let fewestWindowItems = 10
}

extension LabelFreeEstimate {
  /// - Parameters:
  ///   - members: positions in the window.
  ///   - referenceMembers: those of the same group in the reference; nil for a group that it never saw.
  ///   - key: where resamples are drawn from.
  static func make(
    reference: Reference, referenceMembers: [Int]?, window: ScoredItems, members: [Int], key: RandomKey
  ) -> Measured<LabelFreeEstimate> {
    guard members.count >= fewestWindowItems else {
      return .undefined(
        reason: "\(WindowReasons.items(members.count)) in the window; \(fewestWindowItems) are needed", n: members.count
      )
    }
    let own = referenceMembers ?? []
    func answers(_ members: [Int]) -> (right: Int, wrong: Int) {
      let right = members.count { reference.correct[$0] == 1 }
      return (right, members.count - right)
    }
    func suffices(_ members: [Int]) -> Bool {
      let answers = answers(members)
      return members.count >= fewestReferenceItems && min(answers.right, answers.wrong) >= fewestAnswers
    }
    let all = Array(0..<reference.items.count)
    let isBorrowed = !suffices(own)
    let calibrated = isBorrowed ? all : own
    guard suffices(calibrated) else {
      let (right, wrong) = answers(all)
      return .undefined(
        reason:
          "the reference is right for \(right) items and wrong for \(wrong); \(fewestAnswers) of each are needed to "
          + "tell how errors depend on confidence", n: members.count)
    }
    let transfer = CalibratedTransfer(
      reference: reference.items.confidences(of: calibrated), correct: calibrated.map { reference.correct[$0] },
      window: window.confidences(of: members))
    let stated = members.map { window.logits.probability(item: $0, label: window.logits.prediction(item: $0)) }
    return .value(
      LabelFreeEstimate(
        accuracy: transfer.accuracy(key: key), meanConfidence: stated.reduce(0, +) / Double(stated.count),
        referenceItems: calibrated.count, isBorrowed: isBorrowed))
  }
}

extension ScoredItems {
  fileprivate func confidences(of members: [Int]) -> ConfidenceSample {
    ConfidenceSample(
      logOdds: members.map { logits.logitScaledProbability(item: $0, label: logits.prediction(item: $0)) },
      clusters: members.lazy.map { clusters[$0] })
  }
}
