import Support

/// What a folder of faces is labelled by.
package enum FaceLabel: String, Hashable, Sendable, CaseIterable {
  case gender, age
}

extension Manifest {
  /// Reads a folder of photographs as UTKFace is released, with its parts as folders in it: every file's name says age,
  /// gender and race, `age_gender_race_time.jpg` or `.jpg.chip.jpg`.
  ///
  /// Classes are "male" and "female", or the nine bins of age "1-10", "11-20", … "71-80" and "81+", in this order. Groups
  /// are `race` (White, Black, Asian, Indian, Others) and then `age` or `gender`, whichever is not the label. An age of 0
  /// lies in no bin of the study's, (0, 10] and on; UTKFace's ages begin at 1, so a 0 is an error in the name.
  ///
  /// Items are in the order of their names' bytes; a name is the path from `folder`. A file whose name does not say all
  /// this is in `skipped`. An unreadable folder or photograph, and a folder without any photograph, are errors.
  ///
  /// - Parameter extra: What is kept with each item beside its groups, as a split's strata are: any of `race`, `gender`
  ///   and `age`, the label too; of any other name there is no column.
  package init(facesFolder folder: String, label: FaceLabel, extra: [String] = []) throws(ManifestError) {
    if let name = extra.first(where: { UTKFaceName.columns[$0] == nil }) {
      throw ManifestError(
        file: folder, line: nil, problem: .missingColumn(name: name, columns: UTKFaceName.columns.keys.sorted()))
    }
    let listing = try FolderListing(folder)
    var items: [ManifestItem] = []
    var skipped = listing.others.map { SkippedFile(name: $0, reason: .notRegularFile) }
    for name in listing.files {
      let face: UTKFaceName
      do throws(UTKFaceNameError) {
        face = try UTKFaceName(name.split(separator: "/").last.map(String.init) ?? name)
      } catch {
        skipped.append(SkippedFile(name: name, reason: error))
        continue
      }
      let path = "\(folder)/\(name)"
      do throws(FileError) {
        try FileBytes.requireReadable(path)
      } catch {
        throw ManifestError(file: folder, line: nil, problem: .unreadableFile(path: path, reason: error.reason))
      }
      items.append(
        ManifestItem(
          face: face, name: name, path: path, row: items.count + 1, label: label,
          extra: extra.compactMap { UTKFaceName.columns[$0]?(face) }))
    }
    guard !items.isEmpty else {
      throw ManifestError(file: folder, line: nil, problem: .noFaces(skipped: skipped.count))
    }
    skipped.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    self.init(
      folder: folder, classNames: label.classNames, groupNames: ["race", label.other.rawValue], items: items,
      skipped: skipped)
  }
}

extension UTKFaceName {
  /// What a name says, in words, by the name that a column of it would have.
  fileprivate static let columns: [String: @Sendable (UTKFaceName) -> String] = [
    "race": { $0.race.name }, "gender": { FaceLabel.gender.className(of: $0) },
    "age": { FaceLabel.age.className(of: $0) },
  ]
}

extension FaceLabel {
  fileprivate var classNames: [String] {
    switch self {
    case .gender: UTKFaceName.Gender.allCases.map(\.name)
    case .age: UTKFaceAge.classNames
    }
  }

  fileprivate var other: FaceLabel {
    switch self {
    case .gender: .age
    case .age: .gender
    }
  }

  fileprivate func classIndex(of face: UTKFaceName) -> Int {
    switch self {
    case .gender: face.gender.rawValue
    case .age: UTKFaceAge.classIndex(face.age)
    }
  }

  fileprivate func className(of face: UTKFaceName) -> String { classNames[classIndex(of: face)] }
}

extension ManifestItem {
  fileprivate init(face: UTKFaceName, name: String, path: String, row: Int, label: FaceLabel, extra: [String]) {
    self.init(
      row: row, name: name, content: .file(path: path), label: label.className(of: face),
      classIndex: label.classIndex(of: face), groups: [[face.race.name], [label.other.className(of: face)]],
      cluster: name, split: nil, extra: extra)
  }
}
