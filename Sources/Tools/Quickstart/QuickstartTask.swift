/// The task of the quickstart's audit.
package enum QuickstartTask: String, Sendable, CaseIterable {
  /// The expression of drawn faces.
  case imageClassification = "image-classification"
  /// The sentiment of invented reviews.
  case textClassification = "text-classification"
  /// Questions about invented reviews.
  case multipleChoice = "multiple-choice"
}
