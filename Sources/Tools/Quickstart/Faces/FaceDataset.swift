/// What a generator wrote, and what is known about it.
package struct FaceDataset: Hashable, Sendable {
  /// The path of the manifest: `path,expression,lighting,age,person,accessory`.
  package let manifest: String
  /// The path of the table `lighting,persons,images,ideal_accuracy`.
  package let ceiling: String
  package let persons: [Lighting: Int]
  package let images: [Lighting: Int]
  /// The accuracy that nobody can beat on the expression in each lighting: the mean over its images of Φ(d' / 2) for an
  /// observer who knows everything about the image but the expression and the noise.
  package let idealAccuracy: [Lighting: Double]

  /// Images in all.
  package var count: Int { images.values.reduce(0, +) }
}
