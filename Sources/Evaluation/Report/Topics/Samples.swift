import Foundation
package import Metrics

/// The encoding of a sample image.
package enum ImageMediaType: String, Equatable, Sendable {
  case png = "image/png"
  case jpeg = "image/jpeg"
}

/// One arm's prediction for a sample item.
package struct SamplePrediction: Equatable, Sendable {
  package var arm: String
  package var label: String

  package init(arm: String, label: String) {
    self.arm = arm
    self.label = label
  }
}

/// A test item to show with every arm's prediction.
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

extension AuditReport {
  /// Test items with every arm's predictions; there are none unless the specification allows it.
  var samplesSection: Section {
    let figures = samples.map { sample -> HTML in
      let image = Data(sample.bytes).base64EncodedString()
      let predictions = sample.predictions.map { prediction -> HTML in
        let isRight = prediction.label == sample.label
        return "<br>\(armLabel(prediction.arm)) \(isRight ? "right" : "wrong, says \(prediction.label)")"
      }
      return """
        <figure><img src="data:\(sample.mediaType.rawValue);base64,\(image)" alt="\(sample.label), \
        \(sample.group.description)">\(sample.group.description)<br>\(sample.label)\(predictions)</figure>
        """
    }
    return Section(
      anchor: "samples", title: "Samples",
      body: figures.isEmpty ? .empty : "<div class=\"samples\">\(figures)</div>")
  }
}
