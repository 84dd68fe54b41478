package import Audit
internal import Datasets
internal import Foundation
internal import Support

/// Makes an audit's whole input out of nothing: data with a disparity of known size, a base checkpoint that Tenbin
/// pretrains itself on other data, and the specification.
package struct Quickstart {
  package let directory: String
  private let task: QuickstartTask

  package init(directory: String, task: QuickstartTask = .imageClassification) {
    self.directory = directory
    self.task = task
  }

  package var specification: String { "\(directory)/audit.yaml" }

  /// Whether an earlier call has made everything.
  ///
  /// - Throws: `AuditError` if the directory holds anything but the same quickstart, or what was made of it so far.
  package func isMade() throws(AuditError) -> Bool {
    let problem = "choose an empty or a new --directory"
    if let bytes = FileManager.default.contents(atPath: specification) {
      // Its owner may have changed other lines.
      let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
      guard lines.contains("task: \(task.rawValue)") else {
        throw AuditError(.configuration, "\(specification): not a specification of \(task.rawValue); \(problem)")
      }
      return true
    }
    let contents = Set((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [])
    guard contents.isEmpty || contents.contains(Self.pretraining) && contents.isSubset(of: Self.entries) else {
      throw AuditError(.configuration, "\(directory): the folder holds something other than a quickstart; \(problem)")
    }
    return false
  }

  private static let pretraining = "pretraining"
  /// The names that it has in its directory before the specification is written.
  private static let entries: Set<String> = [pretraining, "data", "models"]

  /// Writes everything below the directory; the specification last, so that its existence shows that everything is
  /// complete.
  ///
  /// - Parameters:
  ///   - workers: processes that pretrain the base.
  ///   - line: called with a line of text for each step.
  ///   - show: called with the progress of the pretraining.
  package func make(
    workers: Int, line: (String) -> Void, show: @escaping (AuditProgress) -> Void
  ) throws(AuditError) {
    let pretraining = Pretraining(folder: "\(directory)/\(Self.pretraining)", workers: workers, show: show)
    do {
      // First, as the mark by which the next call knows that the directory is its own.
      try FileBytes.makeFolder(pretraining.folder)
      let text =
        switch task {
        case .imageClassification:
          try FacesInput(directory: directory).make(pretraining: pretraining, line: line)
        case .textClassification, .multipleChoice:
          try ReviewsInput(directory: directory, task: task).make(pretraining: pretraining, line: line)
        }
      try DurableFile.write(Array(text.utf8), to: specification)
    } catch let error as AuditError {
      throw error
    } catch {
      throw AuditError(.failure, "\(error)")
    }
  }
}
