/// A file that is not an item of a manifest.
package struct SkippedFile: Hashable, Sendable {
  /// The path from the manifest's folder.
  package let name: String
  package let reason: UTKFaceNameError

  package init(name: String, reason: UTKFaceNameError) {
    self.name = name
    self.reason = reason
  }
}

/// Why a file of a folder of faces is not an item.
package enum UTKFaceNameError: Error, Hashable, Sendable, CustomStringConvertible {
  case notJPEG
  case notFourParts
  case age(String)
  case gender(String)
  case race(String)
  /// A link to a folder, a pipe or the like.
  case notRegularFile

  package var description: String {
    switch self {
    case .notJPEG: "the name does not end in .jpg"
    case .notFourParts: "the name is not age_gender_race_time.jpg"
    case .age(let text):
      "the age \"\(text)\" is not a number from \(UTKFaceAge.range.lowerBound) to \(UTKFaceAge.range.upperBound)"
    case .gender(let text): "the gender \"\(text)\" is neither 0 (male) nor 1 (female)"
    case .race(let text): "the race \"\(text)\" is not 0 (White), 1 (Black), 2 (Asian), 3 (Indian) or 4 (Others)"
    case .notRegularFile: "neither a regular file nor a folder; links to folders are not followed"
    }
  }
}
