import Datasets
import Foundation
import Support
import TestSupport
import Testing

@Suite struct FacesFolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ names: String...) throws {
    for name in names {
      let path = "\(folder.path)/\(name)"
      try FileBytes.makeFolder(URL(filePath: path).deletingLastPathComponent().path)
      try folder.write(name, to: name)
    }
  }

  private func manifest(_ label: FaceLabel = .gender) throws -> Manifest {
    try Manifest(facesFolder: folder.path, label: label)
  }

  @Test("Gender is the label, race and age are groups")
  func gender() throws {
    try write("26_1_2_20170116184024662.jpg", "80_0_0_20170116184024663.jpg.chip.jpg", "116_1_4_20170116184024664.jpg")
    let manifest = try manifest()
    #expect(manifest.classNames == ["male", "female"])
    #expect(manifest.groupNames == ["race", "age"])
    #expect(manifest.items.map(\.label) == ["female", "female", "male"])
    #expect(manifest.items.map(\.classIndex) == [1, 1, 0])
    #expect(manifest.items.map(\.groups) == [[["Others"], ["81+"]], [["Asian"], ["21-30"]], [["White"], ["71-80"]]])
    #expect(manifest.items.map(\.row) == [1, 2, 3])
    #expect(Set(manifest.items.map(\.cluster)).count == 3)
    #expect(manifest.items.allSatisfy { $0.split == nil && $0.extra.isEmpty })
    #expect(try manifest.bytes(of: manifest.items[0]) == Array("116_1_4_20170116184024664.jpg".utf8))
    #expect(manifest.skipped.isEmpty)
  }

  @Test(
    "Age is the label in the study's nine bins, which are closed above; race and gender are groups",
    arguments: [
      (1, "1-10"), (10, "1-10"), (11, "11-20"), (20, "11-20"), (21, "21-30"), (30, "21-30"), (31, "31-40"),
      (41, "41-50"), (50, "41-50"), (51, "51-60"), (61, "61-70"), (70, "61-70"), (71, "71-80"), (80, "71-80"),
      (81, "81+"), (116, "81+"), (200, "81+"),
    ])
  func age(age: Int, bin: String) throws {
    try write("\(age)_0_3_1.jpg")
    let manifest = try manifest(.age)
    #expect(
      manifest.classNames
        == ["1-10", "11-20", "21-30", "31-40", "41-50", "51-60", "61-70", "71-80", "81+"])
    #expect(manifest.groupNames == ["race", "gender"])
    #expect(manifest.items.map(\.label) == [bin])
    #expect(manifest.items.map { manifest.classNames[$0.classIndex] } == [bin])
    #expect(manifest.items.map(\.groups) == [[["Indian"], ["male"]]])
  }

  @Test("Parts are read as folders, and items are in the order of their whole names' bytes")
  func parts() throws {
    try write("part2/1_0_0_1.jpg", "part1/9_0_1_1.jpg", "part1/10_0_0_1.jpg", "5_0_0_1.jpg", "part10/deep/7_1_0_1.jpg")
    let manifest = try manifest()
    #expect(
      manifest.items.map(\.name)
        == ["5_0_0_1.jpg", "part1/10_0_0_1.jpg", "part1/9_0_1_1.jpg", "part10/deep/7_1_0_1.jpg", "part2/1_0_0_1.jpg"])
    #expect(manifest.items.compactMap(\.path) == manifest.items.map { "\(folder.path)/\($0.name)" })
  }

  @Test("The names that the release itself misspells are read, but for those that lack the race")
  func misspelled() throws {
    let usable = ["24_0_1_20170116220224657 .jpg", "55_0_0_20170116232725357jpg.chip.jpg"]
    try write(usable[0], usable[1], "39_1_20170116174525125.jpg.chip.jpg", "61_1_20170109150557335.jpg.chip.jpg")
    let manifest = try manifest()
    #expect(manifest.items.map(\.name) == usable)
    #expect(manifest.skipped.map(\.reason) == [.notFourParts, .notFourParts])
  }

  @Test(
    "Files whose names say something else are listed with the reason",
    arguments: [
      ("0_0_0_1.jpg", .age("0")), ("201_0_0_1.jpg", .age("201")), ("-1_0_0_1.jpg", .age("-1")),
      ("+1_0_0_1.jpg", .age("+1")),
      ("_0_0_1.jpg", .age("")), ("99999999999999999999_0_0_1.jpg", .age("99999999999999999999")),
      ("٣_0_0_1.jpg", .age("٣")), ("1_2_0_1.jpg", .gender("2")), ("1_m_0_1.jpg", .gender("m")),
      ("1__0_1.jpg", .gender("")),
      ("1_00_0_1.jpg", .gender("00")), ("1_0_5_1.jpg", .race("5")), ("1_0_-1_1.jpg", .race("-1")),
      ("1_0_0_.jpg", .notFourParts), ("1_0_0.jpg", .notFourParts), ("1_0_0_1_1.jpg", .notFourParts),
      ("1_0_0_1.png", .notJPEG), (".DS_Store", .notJPEG), ("jpg", .notJPEG), (".jpg", .notFourParts),
    ] as [(String, UTKFaceNameError)])
  func skipped(name: String, reason: UTKFaceNameError) throws {
    try write("1_0_0_1.jpg", "part1/" + name)
    let manifest = try manifest()
    #expect(manifest.items.map(\.name) == ["1_0_0_1.jpg"])
    #expect(manifest.skipped == [SkippedFile(name: "part1/" + name, reason: reason)])
    #expect(!manifest.skipped[0].reason.description.isEmpty)
  }

  @Test("Links to folders, which may lead in circles, are listed and not followed; links to photographs are read")
  func links() throws {
    try write("part1/1_0_0_1.jpg")
    let manager = FileManager.default
    try manager.createSymbolicLink(atPath: folder.path + "/part1/circle", withDestinationPath: folder.path)
    try manager.createSymbolicLink(
      atPath: folder.path + "/2_0_0_1.jpg", withDestinationPath: folder.path + "/part1/1_0_0_1.jpg")
    let manifest = try manifest()
    #expect(manifest.items.map(\.name) == ["2_0_0_1.jpg", "part1/1_0_0_1.jpg"])
    #expect(manifest.skipped == [SkippedFile(name: "part1/circle", reason: .notRegularFile)])
  }

  @Test("A missing folder, a file, an empty folder and one without photographs are refused with what was expected")
  func refusals() throws {
    let missing = folder.path + "/none"
    let error = #expect(throws: ManifestError.self) { try Manifest(facesFolder: missing, label: .age) }
    #expect(error?.description == "\(missing): the folder \(missing) cannot be read: No such file or directory")
    let file = try folder.write("x", to: "file")
    #expect(throws: ManifestError.self) { try Manifest(facesFolder: file, label: .age) }
    #expect(throws: ManifestError.self) { try Manifest(facesFolder: "a\0b", label: .age) }
    let none = #expect(throws: ManifestError.self) { try manifest() }
    #expect(none?.problem == .noFaces(skipped: 1))
    #expect(none?.description.contains("age_gender_race_time.jpg") == true)
    try FileManager.default.removeItem(atPath: file)
    #expect(throws: ManifestError(file: folder.path, line: nil, problem: .noFaces(skipped: 0))) { try manifest() }
  }

  @Test("A photograph that leads nowhere is an error, not a smaller dataset")
  func brokenLink() throws {
    try write("1_0_0_1.jpg")
    let link = folder.path + "/2_0_0_1.jpg"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path + "/none")
    let problem = ManifestError.Problem.unreadableFile(path: link, reason: "No such file or directory")
    #expect(throws: ManifestError(file: folder.path, line: nil, problem: problem)) { try manifest() }
  }

  @Test("Photographs that are equal byte for byte and labelled differently are found")
  func conflicts() throws {
    for name in ["1_0_0_1.jpg", "1_1_0_1.jpg", "2_0_0_1.jpg"] { try folder.write("same", to: name) }
    try folder.write("other", to: "3_1_0_1.jpg")
    let manifest = try manifest()
    let conflicts = manifest.labelConflicts(contents: try manifest.items.map { try manifest.bytes(of: $0) })
    #expect(conflicts.map { $0.items.map(\.name) } == [["1_0_0_1.jpg", "1_1_0_1.jpg", "2_0_0_1.jpg"]])
    #expect(conflicts.map { $0.items.map(\.label) } == [["male", "female", "male"]])
  }

  @Test("Race, gender and age can be kept as strata, the label too; of other columns there are none")
  func strata() throws {
    try write("35_1_4_1.jpg")
    let manifest = try Manifest(facesFolder: folder.path, label: .gender, extra: ["age", "gender", "race"])
    #expect(manifest.items.map(\.extra) == [["31-40", "female", "Others"]])
    let problem = ManifestError.Problem.missingColumn(name: "person", columns: ["age", "gender", "race"])
    #expect(throws: ManifestError(file: folder.path, line: nil, problem: problem)) {
      try Manifest(facesFolder: folder.path, label: .gender, extra: ["race", "person"])
    }
  }

  @Test("An error about a photograph names it and no line")
  func errors() throws {
    try write("1_0_0_1.jpg")
    let manifest = try manifest()
    let error = #expect(throws: ImageError.self) { try manifest.image(of: manifest.items[0]) }
    #expect(error?.file == "\(folder.path)/1_0_0_1.jpg")
    try FileManager.default.removeItem(atPath: folder.path + "/1_0_0_1.jpg")
    let gone = #expect(throws: ManifestError.self) { try manifest.bytes(of: manifest.items[0]) }
    #expect(gone?.line == nil)
  }
}
