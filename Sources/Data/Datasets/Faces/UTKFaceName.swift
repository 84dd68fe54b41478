/// What the name of a photograph in UTKFace says of the person (Zhang, Song and Qi, 2017):
/// `age_gender_race_time.jpg`, or `.jpg.chip.jpg` where the face is aligned and cropped.
///
/// The time is not read, and some names of the release write it with a blank or with letters after it.
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
