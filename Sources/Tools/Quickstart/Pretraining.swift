internal import Audit
internal import Checkpoints
internal import Datasets
internal import Foundation
internal import Support

/// Trains all weights of a random checkpoint, as an audit of the arm `full` with the seed 1.
struct Pretraining {
  /// Where the random checkpoint, the data and the audit lie.
  let folder: String
  /// Worker processes.
  let workers: Int
  /// Told how far it is.
  let show: (AuditProgress) -> Void

  /// The random checkpoint, to be written before `run`.
  var random: String { "\(folder)/random" }

  /// Trains and puts the result into `base`.
  func run(specification: String, to base: String) throws {
    let file = "\(folder)/pretraining.yaml"
    try DurableFile.write(Array(specification.utf8), to: file)
    let inputs = try AuditInputs(specificationFile: file)
    let coordinator = try AuditSession(
      inputs: inputs, options: AuditOptions(output: "\(folder)/audit", localWorkers: workers), show: show)
    _ = try coordinator.run()
    try? FileManager.default.removeItem(atPath: base)
    try FileBytes.makeFolder(of: base)
    try FileManager.default.copyItem(atPath: "\(folder)/audit/checkpoints/full/seed-1", toPath: base)
  }
}
