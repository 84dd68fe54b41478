/// The run of the reference that was released.
package struct ReleasedRun: Hashable, Sendable, CustomStringConvertible {
  package let arm: String
  /// nil for a model that no seed changes.
  package let seed: Int?

  package var description: String { "\(arm)\(seed.map { ", seed \($0)" } ?? "")" }

  package init(arm: String, seed: Int?) { (self.arm, self.seed) = (arm, seed) }

  /// What is named; else what the last two parts of the model's path say, `ARM/seed-N` as in an audit's checkpoints; else
  /// the only one that there is.
  ///
  /// - Throws: `MonitoringError` that lists what there is to choose from.
  init(
    arm named: String?, seed: Int?, model: String?, document: ReferenceDocument
  ) throws(MonitoringError) {
    let implied = model.flatMap { Self.implied(by: $0, arms: document.arms) }
    let choices = document.releasableArms
    guard let arm = named ?? implied?.arm ?? (choices.count == 1 ? choices.first : nil) else {
      throw MonitoringError(
        document.file, "there are the arms \(choices.joined(separator: ", ")); say with --arm which one was released")
    }
    guard document.arms.contains(arm) else {
      throw MonitoringError(
        document.file, "there is no arm \(arm); expected one of \(document.arms.joined(separator: ", "))")
    }
    let seeds = document.seeds(of: arm)
    let known = seeds.compactMap { $0 }.map { "\($0)" }.joined(separator: ", ")
    if let seed = seed ?? (implied?.arm == arm ? implied?.seed : nil) {
      guard seeds.contains(seed) else {
        throw MonitoringError(
          document.file,
          known.isEmpty
            ? "no seed changes the arm \(arm); leave --seed out"
            : "the arm \(arm) has no seed \(seed); expected one of \(known)")
      }
      self.init(arm: arm, seed: seed)
      return
    }
    guard seeds.count == 1, let only = seeds.first else {
      throw MonitoringError(
        document.file, "the arm \(arm) has the seeds \(known); say with --seed which one was released")
    }
    self.init(arm: arm, seed: only)
  }

  /// `…/lora-r8/seed-13` is seed 13 of lora-r8, and `…/given` the one run of given.
  private static func implied(by path: String, arms: [String]) -> (arm: String, seed: Int?)? {
    let steps = path.split(separator: "/").map(String.init).filter { $0 != "." }
    if let last = steps.last, last.hasPrefix("seed-"), let seed = Int(last.dropFirst("seed-".count)),
      let arm = steps.dropLast().last, arms.contains(arm)
    {
      return (arm, seed)
    }
    return steps.last.flatMap { arms.contains($0) ? ($0, nil) : nil }
  }
}
