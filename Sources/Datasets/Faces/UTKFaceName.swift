/// What the name of a photograph in UTKFace says of the person (Zhang, Song and Qi, 2017):
/// `age_gender_race_time.jpg`, or `.jpg.chip.jpg` where the face is aligned and cropped.
///
/// The time is not read, and some names of the release write it with a blank or with letters behind it.
struct UTKFaceName: Hashable, Sendable {
  enum Gender: Int, CaseIterable {
    case male, female

    var name: String { "\(self)" }
  }

  enum Race: Int, CaseIterable {
    case white, black, asian, indian, others

    var name: String {
      switch self {
      case .white: "White"
      case .black: "Black"
      case .asian: "Asian"
      case .indian: "Indian"
      case .others: "Others"
      }
    }
  }

  /// Whole years, in `UTKFaceAge.range`.
  let age: Int
  let gender: Gender
  let race: Race

  /// - Parameter name: the file's name without folders.
  init(_ name: String) throws(UTKFaceNameError) {
    guard name.hasSuffix(".jpg") else { throw .notJPEG }
    let parts = name.dropLast(".jpg".count).split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 4, !parts[3].isEmpty else { throw .notFourParts }
    guard let age = Self.number(parts[0], digits: 1...3), UTKFaceAge.range.contains(age) else {
      throw .age(String(parts[0]))
    }
    guard let gender = Self.number(parts[1], digits: 1...1).flatMap(Gender.init) else {
      throw .gender(String(parts[1]))
    }
    guard let race = Self.number(parts[2], digits: 1...1).flatMap(Race.init) else { throw .race(String(parts[2])) }
    self.age = age
    self.gender = gender
    self.race = race
  }

  /// ASCII digits only: `Int` would take a sign too.
  private static func number(_ text: Substring, digits: ClosedRange<Int>) -> Int? {
    let isNumber = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return isNumber && digits.contains(text.utf8.count) ? Int(text) : nil
  }
}

/// The study's nine classes of age (Ding et al., 2024): (0, 10], (10, 20], … (70, 80], and above 80 years.
enum UTKFaceAge {
  /// The bins begin above 0 and end at 200. UTKFace's own ages begin at 1; an age of 0 lies in no bin.
  static let range = 1...200

  static let classNames = (0..<8).map { "\($0 * 10 + 1)-\($0 * 10 + 10)" } + ["81+"]

  /// The position in `classNames` of an age in `range`.
  static func classIndex(_ age: Int) -> Int { min(max(age - 1, 0) / 10, classNames.count - 1) }
}

/// Why a file of a folder of faces is no item.
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

/// A file that is no item of a manifest.
package struct SkippedFile: Hashable, Sendable {
  /// The path from the manifest's folder.
  package let name: String
  package let reason: UTKFaceNameError
}
