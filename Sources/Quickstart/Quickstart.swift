internal import Checkpoints
package import Coordinator
internal import Datasets
internal import Faces
internal import Foundation
internal import RandomNumbers

/// Makes an audit's whole input out of nothing: pictures of faces with a disparity of known size, a base checkpoint that
/// Tenbin pretrains itself on another label of other faces, and the specification.
package struct Quickstart {
  package let directory: String
  private let key = RandomKey(seed: 20)["quickstart"]

  package init(directory: String) {
    self.directory = directory
  }

  package var specification: String { "\(directory)/audit.yaml" }

  /// Whether an earlier call has made everything.
  package var isMade: Bool { FileManager.default.fileExists(atPath: specification) }

  /// Writes everything below the directory; the specification last, so that it stands for the whole.
  ///
  /// - Parameters:
  ///   - workers: processes that pretrain the base.
  ///   - line: told what is being done, a line a step.
  ///   - show: told how far the pretraining is.
  package func make(
    workers: Int, line: (String) -> Void, show: @escaping (AuditProgress) -> Void
  ) throws(AuditError) {
    do {
      line("drawing faces")
      let faces = try FaceGenerator(key: key["task"]).write(
        persons: Size.persons, imagesPerPerson: Size.imagesPerPerson, to: "\(directory)/data")
      _ = try FaceGenerator(key: key["pretraining"]).write(
        persons: Size.pretrainingPersons, imagesPerPerson: Size.imagesPerPerson, to: "\(directory)/pretraining/data",
        prefix: "q")
      line("pretraining the base on other faces and another label (accessory)")
      try pretrain(workers: workers, show: show)
      let ceilings = Lighting.allCases.compactMap { lighting in
        faces.idealAccuracy[lighting].map { "\(lighting.rawValue) \((1000 * $0).rounded() / 1000)" }
      }
      try FileBytes.write(Array(QuickstartSpecifications.audit(ceilings: ceilings).utf8), to: specification)
    } catch let error as AuditError {
      throw error
    } catch {
      throw AuditError(.failure, "\(error)")
    }
  }

  private enum Size {
    static let persons = 750
    static let pretrainingPersons = 750
    static let imagesPerPerson = 4
  }

  private func pretrain(workers: Int, show: @escaping (AuditProgress) -> Void) throws {
    let folder = "\(directory)/pretraining"
    let labels = Accessory.allCases.map(\.rawValue).sorted()
    let configuration = ModelConfiguration.vit(
      ViTConfiguration(
        hiddenSize: 64, layerCount: 4, headCount: 4, intermediateSize: 128, imageSize: ImageExtent(side: 32),
        patchSize: ImageExtent(side: 8), labels: labels))
    try CheckpointWriter.writeCheckpoint(
      folder: "\(folder)/random", configuration: configuration,
      preprocessing: ImagePreprocessing(
        size: ImageExtent(side: 32), normalization: .init(mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])),
      labels: labels,
      values: RandomCheckpoint.values(
        configuration: configuration, head: .classifier(labels: labels.count), key: key["base"]))
    try FileBytes.write(Array(QuickstartSpecifications.pretraining.utf8), to: "\(folder)/pretraining.yaml")
    let inputs = try AuditInputs(specificationFile: "\(folder)/pretraining.yaml")
    let coordinator = try Coordinator(
      inputs: inputs, options: AuditOptions(output: "\(folder)/audit", localWorkers: workers), show: show)
    _ = try coordinator.run()
    let base = "\(directory)/models/vit-faces"
    try? FileManager.default.removeItem(atPath: base)
    try FileBytes.makeFolder("\(directory)/models")
    try FileManager.default.copyItem(atPath: "\(folder)/audit/checkpoints/full/seed-1", toPath: base)
  }
}
