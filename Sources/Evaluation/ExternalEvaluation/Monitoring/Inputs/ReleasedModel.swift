internal import Foundation

/// A released checkpoint or adapter, as far as its folder tells whose it is.
struct ReleasedModel: Sendable {
  let folder: String

  private static let weights = ["adapter_model.safetensors", "model.safetensors"]

  /// - Parameter reference: its folder.
  /// - Throws: `MonitoringError` where the model is another audit's, or not the run that the reference has kept.
  func require(of run: ReleasedRun, reference: String, document: ReferenceDocument) throws(MonitoringError) {
    if let plan = document.planHash, let audit, !Self.isSame(audit, reference),
      Self.planHash(of: audit) != plan
    {
      throw MonitoringError(
        folder, "is of the audit in \(audit), and not of the reference \(reference); name the reference that it is of")
    }
    let kept = "\(reference)/checkpoints/\(run.arm)/\(run.seed.map { "seed-\($0)" } ?? "given")"
    guard !Self.isSame(folder, kept) else { return }
    for name in Self.weights {
      let (own, other) = ("\(folder)/\(name)", "\(kept)/\(name)")
      guard FileManager.default.fileExists(atPath: own), FileManager.default.fileExists(atPath: other) else { continue }
      guard FileManager.default.contentsEqual(atPath: own, andPath: other) else {
        throw MonitoringError(
          own, "its weights are not those of \(run), which \(other) holds; what was audited says nothing of them")
      }
    }
  }

  /// The folder of the audit below whose checkpoints the model lies; nil where it lies below none.
  private var audit: String? {
    var steps = URL(filePath: folder).standardizedFileURL.pathComponents
    while let position = steps.lastIndex(of: "checkpoints"), position > 0 {
      steps = Array(steps[..<position])
      let path = steps.dropFirst().reduce("") { "\($0)/\($1)" }
      if FileManager.default.fileExists(atPath: "\(path)/ledger.sqlite") { return path }
    }
    return nil
  }

  private static func planHash(of audit: String) -> String? {
    (try? ReferenceDocument(folder: audit))?.planHash
  }

  private static func isSame(_ left: String, _ right: String) -> Bool {
    func whole(_ path: String) -> String {
      URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path(percentEncoded: false)
        .split(separator: "/").joined(separator: "/")
    }
    return whole(left) == whole(right)
  }
}
