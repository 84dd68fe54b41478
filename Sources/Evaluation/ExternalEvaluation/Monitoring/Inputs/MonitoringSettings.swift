package import Report

/// What a user says about a released model and its new batches.
package struct MonitoringSettings: Sendable {
  /// The folder of an audit or an evaluation.
  package var reference: String
  /// The reference's predictions; empty for those in its folder.
  package var referencePredictions: [String]
  /// A CSV with the inputs of the reference's items, and beside which their images lie; nil for the predictions' own.
  package var referenceManifest: String?
  package var arm: String?
  package var seed: Int?
  /// The released checkpoint's folder, whose path may name arm and seed.
  package var model: String?
  /// Columns of inputs that are watched.
  package var inputs: [String]
  /// A column of texts, whose length is watched.
  package var text: String?
  /// Whether images are decoded, and their brightness and contrast watched.
  package var images: Bool
  /// What the windows call the column of labels.
  package var label: String
  /// Instead of the reference's own.
  package var policy: Policy?

  var watchesInputs: Bool { !inputs.isEmpty || text != nil || images }

  package init(
    reference: String, referencePredictions: [String] = [], referenceManifest: String? = nil, arm: String? = nil,
    seed: Int? = nil, model: String? = nil, inputs: [String] = [], text: String? = nil, images: Bool = false,
    label: String = "label", policy: Policy? = nil
  ) {
    self.reference = reference
    self.referencePredictions = referencePredictions
    self.referenceManifest = referenceManifest
    self.arm = arm
    self.seed = seed
    self.model = model
    self.inputs = inputs
    self.text = text
    self.images = images
    self.label = label
    self.policy = policy
  }
}
