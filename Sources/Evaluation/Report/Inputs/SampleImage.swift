package import Metrics

/// The encoding of a sample image.
package enum ImageMediaType: String, Equatable, Sendable {
  case png = "image/png"
  case jpeg = "image/jpeg"
}

/// What one arm says about a sample item.
package struct SamplePrediction: Equatable, Sendable {
  package var arm: String
  package var label: String

  package init(arm: String, label: String) {
    self.arm = arm
    self.label = label
  }
}

/// A test item to show beside what every arm says about it.
package struct SampleImage: Equatable, Sendable {
  package var group: GroupName
  /// The name of the item's true class.
  package var label: String
  /// The image file as it is.
  package var bytes: [UInt8]
  package var mediaType: ImageMediaType
  package var predictions: [SamplePrediction]

  package init(
    group: GroupName, label: String, bytes: [UInt8], mediaType: ImageMediaType, predictions: [SamplePrediction]
  ) {
    self.group = group
    self.label = label
    self.bytes = bytes
    self.mediaType = mediaType
    self.predictions = predictions
  }
}
