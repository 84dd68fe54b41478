package import Datasets

/// An image of a face, and how hard its expression is to tell.
package struct FacePhotograph: Hashable, Sendable {
  package let image: RGBImage
  /// How far the two expressions of this very image lie apart, in standard deviations of the camera's noise (d').
  package let detectability: Double

  /// The accuracy on such images of an observer who knows everything but the expression and the noise: Φ(d' / 2).
  package var idealAccuracy: Double { IdealObserver.accuracy(detectability: detectability) }
}
