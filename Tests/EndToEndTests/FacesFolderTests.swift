import Foundation
import Testing

/// A folder of photographs whose names say who is on them, as an audit.
@Suite(.timeLimit(.minutes(45)), .serialized) struct FacesFolderTests {
  private let study: TinyStudy

  init() throws {
    study = try TinyStudy()
    let folder = URL(filePath: study.path("faces"))
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let images = try study.files(in: "data/images").sorted()
    for (number, image) in images.enumerated() {
      let name = "\(5 + number * 7 % 90)_\(number % 2)_\(number / 2 % 5)_2017\(number).jpg"
      try study.read("data/images/\(image)").write(to: folder.appending(path: name))
    }
    // The first photograph once more, as somebody else's; and names that say nothing.
    let first = try study.read("data/images/\(images[0])")
    try first.write(to: folder.appending(path: "5_1_0_20179999.jpg"))
    try first.write(to: folder.appending(path: "61_1_20170109.jpg"))
    try study.write("not an image", to: "faces/readme.txt")
    for label in ["gender", "age"] {
      try study.write(
        """
        name: \(label)
        base: base
        task: image-classification
        data:
          faces: faces
          label: \(label)
          groups: [race]
          split: {train: 0.6, validation: 0.1, test: 0.3, seed: 13, stratify: [race]}
        arms: [head, {lora: {rank: 2, alpha: 8, targets: [query, value]}}, full]
        training: {epochs: 1, batch: 16, microbatch: 4, flip: 0.5, lora: {rate: 3e-3}, full: {rate: 1e-3}}
        seeds: [13]

        """, to: "\(label).yaml")
    }
  }

  @Test("Gender and age of a folder come to the same bytes with 1 and 3 workers", arguments: ["gender", "age"])
  func sameBytes(label: String) throws {
    for workers in [1, 3] {
      let outcome = try Program.run(
        "audit", study.path("\(label).yaml"), "--workers", "\(workers)", "--output", study.path("w\(workers)"))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("2 files are left out"), "\(outcome.errors)")
      if label == "gender" { #expect(outcome.errors.contains("labelled differently"), "\(outcome.errors)") }
    }
    #expect(try study.read("w3/results.json") == study.read("w1/results.json"))
    struct Results: Decodable {
      struct Group: Decodable { let value: String }
      let classes: [String]
      let groups: [Group]
      let items: [String: Int]
    }
    let results = try JSONDecoder().decode(Results.self, from: study.read("w1/results.json"))
    #expect(results.items["total"] == 181)
    #expect(Set(results.groups.map(\.value)) == ["White", "Black", "Asian", "Indian", "Others"])
    #expect(results.classes.count == (label == "gender" ? 2 : 9))
    // Equal photographs are on one side of the split: of both, or of neither, there is a prediction.
    let table = String(decoding: try study.read("w1/predictions/full.csv"), as: UTF8.self)
    #expect(table.contains("5_1_0_20179999.jpg") == table.contains("5_0_0_20170.jpg"))
  }
}
