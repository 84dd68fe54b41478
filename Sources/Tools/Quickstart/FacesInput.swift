internal import Checkpoints
internal import Support

/// Pictures of faces, and a ViT that was pretrained on another label of other faces.
struct FacesInput {
  let directory: String
  private let key = RandomKey(seed: 20)[.quickstart]

  private enum Size {
    static let persons = 750
    static let pretrainingPersons = 750
    static let imagesPerPerson = 4
  }

  init(directory: String) { self.directory = directory }

  /// - Returns: The audit's specification.
  func make(pretraining: Pretraining, line: (String) -> Void) throws -> String {
    line("drawing faces")
    let faces = try FaceGenerator(key: key[.task]).write(
      persons: Size.persons, imagesPerPerson: Size.imagesPerPerson, to: "\(directory)/data")
    _ = try FaceGenerator(key: key[.pretraining]).write(
      persons: Size.pretrainingPersons, imagesPerPerson: Size.imagesPerPerson, to: "\(pretraining.folder)/data",
      prefix: "q")
    line("pretraining the base on other faces and another label (accessory)")
    try writeRandomCheckpoint(to: pretraining.random)
    try pretraining.run(specification: FacesSpecifications.pretraining, to: "\(directory)/models/vit-faces")
    let ceilings = Lighting.allCases.compactMap { lighting in
      faces.idealAccuracy[lighting].map { "\(lighting.rawValue) \((1000 * $0).rounded() / 1000)" }
    }
    return FacesSpecifications.audit(ceilings: ceilings)
  }

  private func writeRandomCheckpoint(to folder: String) throws {
    let labels = Accessory.allCases.map(\.rawValue).sorted()
    let configuration = ModelConfiguration.vit(
      ViTConfiguration(
        hiddenSize: 64, layerCount: 4, headCount: 4, intermediateSize: 128, imageSize: ImageExtent(side: 32),
        patchSize: ImageExtent(side: 8), labels: labels))
    try CheckpointWriter.writeCheckpoint(
      folder: folder, configuration: configuration,
      preprocessing: ImagePreprocessing(
        size: ImageExtent(side: 32), normalization: .init(mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])),
      labels: labels,
      values: RandomCheckpoint.values(
        configuration: configuration, head: .classifier(labels: labels.count), key: key[.base]))
  }
}
