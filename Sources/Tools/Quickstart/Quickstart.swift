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
  package var isMade: Bool { FileManager.default.fileExists(atPath: specification) }

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
    let pretraining = Pretraining(folder: "\(directory)/pretraining", workers: workers, show: show)
    do {
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
