import Datasets
import Support
import TestSupport
import Testing

@Suite struct LabelConflictTests {
  @Test("Items of one content with several labels are listed with names and labels, in the order of the items")
  func conflicts() {
    let conflicts = LabelConflict.all(
      names: ["a", "b", "c", "d", "e", "f"], labels: ["x", "y", "y", "x", "x", "y"],
      contents: [1, 2, 1, 2, 3, 1])
    #expect(
      conflicts.map { $0.items.map { "\($0.name) \($0.label)" } } == [["a x", "c y", "f y"], ["b y", "d x"]])
  }

  @Test("Copies of one label and contents that differ are no conflict")
  func agreement() {
    #expect(LabelConflict.all(names: ["a", "b"], labels: ["x", "x"], contents: [1, 1]).isEmpty)
    #expect(LabelConflict.all(names: ["a", "b"], labels: ["x", "y"], contents: [1, 2]).isEmpty)
    #expect(LabelConflict.all(names: [], labels: [], contents: [Int]()).isEmpty)
  }

  @Test("Lists of unequal lengths are read as far as the shortest")
  func unequalLengths() {
    #expect(
      LabelConflict.all(names: ["a", "b", "c"], labels: ["x", "y"], contents: [1, 1, 1]).first?.items.count == 2)
    #expect(LabelConflict.all(names: ["a"], labels: ["x", "y"], contents: [1, 1]).isEmpty)
  }

  @Test("Every pair of equal contents and different labels is in one conflict, and no other pair is")
  func pairs() {
    for trial in 0..<300 {
      var stream = RandomKey(seed: 9)["conflicts"][trial].generator
      let count = stream.index(below: 12)
      let contents = (0..<count).map { _ in stream.index(below: 5) }
      let labels = (0..<count).map { _ in "label \(stream.index(below: 2))" }
      let conflicts = LabelConflict.all(names: (0..<count).map(String.init), labels: labels, contents: contents)
      for first in 0..<count {
        for second in 0..<count where first < second && contents[first] == contents[second] {
          let holdsBoth = conflicts.contains { conflict in
            let names = conflict.items.map(\.name)
            return names.contains("\(first)") && names.contains("\(second)")
          }
          let labelsOfContent = Set((0..<count).filter { contents[$0] == contents[first] }.map { labels[$0] })
          #expect(holdsBoth == (labelsOfContent.count > 1))
        }
      }
    }
  }

  @Test("Identical texts with different labels are found in a manifest")
  func texts() throws {
    let folder = try TemporaryFolder()
    let manifest = try Manifest(
      file: folder.write("id,text,label\n1,same,x\n2,other,y\n3,same,y\n", to: "m.csv"),
      columns: ManifestColumns(text: "text", name: "id", label: "label"))
    let conflicts = manifest.labelConflicts(contents: try manifest.items.map { try manifest.bytes(of: $0) })
    #expect(conflicts.map { $0.items.map(\.name) } == [["1", "3"]])
    #expect(conflicts.map { $0.items.map(\.label) } == [["x", "y"]])
  }
}
