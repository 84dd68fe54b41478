/// The study's nine classes of age (Ding et al., 2024): (0, 10], (10, 20], … (70, 80], and above 80 years.
enum UTKFaceAge {
  /// The bins begin above 0 and end at 200. UTKFace's own ages begin at 1; an age of 0 lies in no bin.
  static let range = 1...200

  static let classNames = (0..<8).map { "\($0 * 10 + 1)-\($0 * 10 + 10)" } + ["81+"]

  /// The position in `classNames` of an age in `range`.
  static func classIndex(_ age: Int) -> Int { min(max(age - 1, 0) / 10, classNames.count - 1) }
}
