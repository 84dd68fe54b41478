import Datasets
import Support
import TestSupport
import Testing

@Suite struct ManifestTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let image = try RGBImage(width: 1, height: 1, bytes: [1, 2, 3]).pngData()
    for name in ["a.png", "b.png", "c.png"] { try folder.write(image, to: name) }
  }

  private let columns = ManifestColumns(label: "label")

  private func manifest(
    _ text: String, _ columns: ManifestColumns, classNames: [String]? = nil
  ) throws -> Manifest {
    try Manifest(file: folder.write(text, to: "m.csv"), columns: columns, classNames: classNames)
  }

  private func expect(
    _ line: Int?, _ problem: ManifestError.Problem, _ text: String, _ columns: ManifestColumns? = nil,
    classNames: [String]? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let file = folder.path + "/m.csv"
    #expect(throws: ManifestError(file: file, line: line, problem: problem), sourceLocation: sourceLocation) {
      try manifest(text, columns ?? self.columns, classNames: classNames)
    }
  }

  @Test("Every column lands in its place, in the order of the file")
  func items() throws {
    let text = """
      label,path,tone,who,part,male,female,note
      yes,b.png,light; warm ;light,x,val,TRUE,0,"n, 1"
      no,./a.png,,y,train,no,yes,
      no,\(folder.path)//c.png,;,x,test,false,False,z
      """
    let columns = ManifestColumns(
      label: "label", groups: ["tone"], tagGroups: ["sex": ["female", "male"]], cluster: "who", split: "part",
      extra: ["note"])
    let manifest = try manifest(text, columns)
    #expect(manifest.classNames == ["no", "yes"])
    #expect(manifest.groupNames == ["tone", "sex"])
    #expect(manifest.items.map(\.row) == [2, 3, 4])
    #expect(manifest.items.map(\.name) == ["b.png", "./a.png", "\(folder.path)//c.png"])
    #expect(manifest.items.compactMap(\.path) == ["b", "a", "c"].map { "\(folder.path)/\($0).png" })
    #expect(manifest.items.map(\.classIndex) == [1, 0, 0])
    #expect(
      manifest.items.map(\.groups)
        == [[["light", "warm"], ["male"]], [["(missing)"], ["female"]], [["(missing)"], []]])
    #expect(manifest.items.map(\.cluster) == ["x", "y", "x"])
    #expect(manifest.items.map(\.split) == [.validation, .train, .test])
    #expect(manifest.items.map(\.extra) == [["n, 1"], [""], ["z"]])
    #expect(manifest.tags(of: manifest.items[0], in: "sex") == ["male"])
    #expect(manifest.tags(of: manifest.items[0], in: "age") == nil)
    #expect(try manifest.image(of: manifest.items[2]).bytes == [1, 2, 3])
  }

  @Test("Without a cluster column every item is a cluster of its own")
  func ownClusters() throws {
    let manifest = try manifest("path,label\na.png,x\nb.png,y\n", columns)
    #expect(Set(manifest.items.map(\.cluster)).count == 2)
    #expect(manifest.items.allSatisfy { $0.split == nil })
  }

  @Test("Given class names keep their order, also where some do not occur")
  func givenClasses() throws {
    let manifest = try manifest("path,label\na.png,x\n", columns, classNames: ["z", "x"])
    #expect(manifest.classNames == ["z", "x"])
    #expect(manifest.items[0].classIndex == 1)
  }

  @Test("A missing column is named together with those there are")
  func missingColumns() throws {
    let text = "path,label\na.png,x\nb.png,y\n"
    for columns in [
      ManifestColumns(path: "file", label: "label"), ManifestColumns(label: "file"),
      ManifestColumns(label: "label", groups: ["file"]), ManifestColumns(label: "label", tagGroups: ["g": ["file"]]),
      ManifestColumns(label: "label", cluster: "file"), ManifestColumns(label: "label", split: "file"),
      ManifestColumns(label: "label", extra: ["file"]),
    ] {
      try expect(nil, .missingColumn(name: "file", columns: ["path", "label"]), text, columns)
    }
  }

  @Test("A group that is named twice or made of nothing is refused")
  func ambiguousGroups() throws {
    let text = "path,label,g\na.png,x,1\nb.png,y,0\n"
    for columns in [
      ManifestColumns(label: "label", groups: ["g", "g"]),
      ManifestColumns(label: "label", groups: ["g"], tagGroups: ["g": ["g"]]),
      ManifestColumns(label: "label", tagGroups: ["g": []]),
      ManifestColumns(label: "label", tagGroups: ["g": ["g", "g"]]),
    ] {
      try expect(nil, .ambiguousGroup(name: "g"), text, columns)
    }
  }

  @Test("Labels that are empty, unknown or all the same are refused")
  func labels() throws {
    try expect(3, .emptyLabel(column: "label"), "path,label\na.png,x\nb.png,\n")
    try expect(3, .emptyLabel(column: "label"), "path,label\na.png,x\nb.png,\n", classNames: ["x", "y"])
    let unknown = ManifestError.Problem.unknownLabel(label: "z", classNames: ["x", "y"])
    try expect(4, unknown, "path,label\n\"a.png\",\"x\"\nb.png,y\nc.png,z\n", classNames: ["x", "y"])
    try expect(nil, .tooFewClasses(classNames: ["x"]), "path,label\na.png,x\nb.png,x\n")
    try expect(nil, .tooFewClasses(classNames: ["x", "x"]), "path,label\na.png,x\n", classNames: ["x", "x"])
  }

  @Test("Paths that are empty, missing, a folder or listed twice are refused with their lines")
  func paths() throws {
    try expect(3, .emptyPath, "path,label\na.png,x\n,y\n")
    let missing = ManifestError.Problem.unreadableFile(
      path: folder.path + "/no.png", reason: "No such file or directory")
    try expect(3, missing, "path,label\na.png,x\nno.png,y\n")
    try expect(3, .unreadableFile(path: folder.path, reason: "not a regular file"), "path,label\na.png,x\n.,y\n")
    try expect(
      5, .duplicatePath(path: "./a.png", firstLine: 2), "path,label\na.png,x\nb.png,\"y\n\"\n./a.png,x\n")
  }

  @Test("Cells that are not boolean, not a split or an empty cluster are refused with their line")
  func cells() throws {
    let text = "path,label,tag,part,who\na.png,x,1,train,p\nb.png,y,maybe,dev,\n"
    try expect(
      3, .notBoolean(column: "tag", value: "maybe"), text, ManifestColumns(label: "label", tagGroups: ["g": ["tag"]]))
    try expect(3, .unknownSplit(column: "part", value: "dev"), text, ManifestColumns(label: "label", split: "part"))
    try expect(3, .emptyCluster(column: "who"), text, ManifestColumns(label: "label", cluster: "who"))
  }

  @Test("A manifest that is no table is refused with the table's own message")
  func tables() throws {
    try expect(nil, .table(.noRows), "path,label\n")
    try expect(3, .table(.raggedRow(expected: 2, found: 1)), "path,label\na.png,x\nb.png\n")
    let error = ManifestError(file: "m.csv", line: 3, problem: .table(.unterminatedQuote))
    #expect(error.description == "m.csv, line 3: the quoted field that begins here is never closed")
  }

  @Test("An image that breaks after the manifest was read is named with its line")
  func brokenImage() throws {
    let manifest = try manifest("path,label\na.png,x\nb.png,y\n", columns)
    try folder.write("nonsense", to: "b.png")
    let error = #expect(throws: ImageError.self) { try manifest.image(of: manifest.items[1]) }
    #expect(error?.file == "\(folder.path)/b.png (\(folder.path)/m.csv, line 3)")
  }
}
