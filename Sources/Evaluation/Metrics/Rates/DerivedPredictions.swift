import Foundation

extension ArmPredictions {
  /// The same with every run's logits divided by a temperature of its own; no prediction changes.
  package func rescaled(by temperatures: [Double]) throws(EvaluationError) -> ArmPredictions {
    try changed { run, _, _, logit in logit / temperatures[run] }
  }

  /// The same, of two classes, with the positive one predicted of some items from another probability on than a half.
  ///
  /// - Parameters:
  ///   - thresholds: a run each, in (0, 1).
  ///   - members: positions of those items.
  package func thresholded(
    _ thresholds: [Double], members: [Int], positiveClass: Int
  ) throws(EvaluationError) -> ArmPredictions {
    let members = Set(members)
    let shifts = thresholds.map { log($0 / (1 - $0)) }
    return try changed { run, item, label, logit in
      label == positiveClass && members.contains(item) ? logit - shifts[run] : logit
    }
  }

  private func changed(
    _ change: (_ run: Int, _ item: Int, _ label: Int, _ logit: Double) -> Double
  ) throws(EvaluationError) -> ArmPredictions {
    var arm = self
    for number in runs.indices {
      let logits = runs[number].logits
      var values: [Float] = []
      for item in 0..<logits.count {
        for label in 0..<logits.classes { values.append(Float(change(number, item, label, logits[item, label]))) }
      }
      arm.runs[number].logits = try Logits(values: values, count: logits.count, classes: logits.classes)
    }
    return arm
  }

  /// For every run the threshold with most right items among some, on the grid .01 … .99; of several, the one closest to .5.
  package func mostAccurateThresholds(labels: [Int], members: [Int], positiveClass: Int) -> [Double] {
    runs.map { run in
      PositiveScores(run.logits, labels: labels, positiveClass: positiveClass).counts(members: members).mostAccurate
    }
  }
}
