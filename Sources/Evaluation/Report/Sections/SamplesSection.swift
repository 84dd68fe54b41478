import Foundation
import Metrics

extension AuditReport {
  /// Test items beside what every arm says about them; there are none unless the specification allows it.
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
