import Datasets
import Foundation
import Quickstart
import Support
import TestSupport
import Testing

@Suite struct FaceGeneratorTests {
  private let generator = FaceGenerator(key: RandomKey(seed: 3)["faces"])

  @Test("The same key draws the same bytes, and another key draws other people")
  func determinism() throws {
    let face = generator.plan(persons: 5, imagesPerPerson: 2)[7]
    let again = FaceGenerator(key: RandomKey(seed: 3)["faces"])
    #expect(try generator.photograph(face) == again.photograph(face))
    #expect(try again.photograph(face).image.pngData() == generator.photograph(face).image.pngData())
    let other = FaceGenerator(key: RandomKey(seed: 3)["pretraining"])
    #expect(try other.photograph(face).image != generator.photograph(face).image)
  }

  @Test("The expression changes the picture around the mouth, and nothing else above it but the eyes")
  func expressionIsTheMouth() throws {
    let face = try #require(generator.plan(persons: 40, imagesPerPerson: 1).first { $0.lighting == .daylight })
    let pictures = try Expression.allCases.map { expression in
      try generator.photograph(
        PlannedFace(
          person: face.person, image: face.image, expression: expression, lighting: face.lighting, age: face.age,
          accessory: .none)
      ).image.bytes
    }
    // Both have the same noise, so that what differs is the drawing.
    let changed = pictures[0].indices.filter { pictures[0][$0] != pictures[1][$0] }
    let rows = changed.map { $0 / (FaceGenerator.side * 3) }
    #expect(rows.count { $0 >= 28 } > rows.count / 2)
    #expect(rows.allSatisfy { $0 >= 16 })
    #expect(changed.count > 60)
    #expect(changed.count < pictures[0].count / 3)
  }

  @Test("An ideal observer is nearly always right by day and indoors, and clearly less often at dusk")
  func plantedDisparity() throws {
    let plan = generator.plan(persons: 400, imagesPerPerson: 2)
    let means = try Lighting.allCases.map { lighting in
      let accuracies = try plan.filter { $0.lighting == lighting }.prefix(120).map { face in
        try generator.photograph(face).idealAccuracy
      }
      return accuracies.reduce(0, +) / Double(accuracies.count)
    }
    #expect(means[0] > 0.99)
    #expect(means[1] > 0.99)
    #expect(means[2] > 0.78 && means[2] < 0.88)
  }

  @Test("The written dataset is a manifest of readable images with the figures it returns")
  func writing() throws {
    let folder = try TemporaryFolder()
    let dataset = try generator.write(
      persons: 12, imagesPerPerson: 3, to: folder.path, manifest: "base.csv", prefix: "q")
    #expect(dataset.count == 36)
    #expect(dataset.persons == [.daylight: 5, .indoor: 5, .dusk: 2])
    let columns = ManifestColumns(
      label: "expression", groups: ["lighting", "age"], cluster: "person", extra: ["accessory"])
    let manifest = try Manifest(file: dataset.manifest, columns: columns)
    #expect(manifest.items.count == 36)
    #expect(manifest.classNames == ["neutral", "smiling"])
    #expect(manifest.items[3].name == "images/q0002-01.png")
    let plan = generator.plan(persons: 12, imagesPerPerson: 3)
    for (item, face) in zip(manifest.items, plan) {
      #expect(try manifest.image(of: item) == generator.photograph(face).image)
      #expect(item.label == face.expression.rawValue)
      #expect(item.groups == [[face.lighting.rawValue], [face.age.rawValue]])
      #expect(item.extra == [face.accessory.rawValue])
    }
    let ceiling = try CommaSeparatedValues(file: dataset.ceiling)
    #expect(ceiling.file.hasSuffix("/base-ceiling.csv"))
    #expect(ceiling.header == ["lighting", "persons", "images", "ideal_accuracy"])
    for (row, lighting) in zip(ceiling.rows, Lighting.allCases) {
      let accuracy = try #require(dataset.idealAccuracy[lighting])
      let images = try #require(dataset.images[lighting])
      #expect(row.fields == [lighting.rawValue, String(images / 3), String(images), String(accuracy)])
    }
  }

  @Test("Nobody to draw, or no image of anybody, is an error", arguments: [(0, 4), (3, 0), (-1, -1)])
  func nothing(persons: Int, images: Int) {
    #expect(throws: FaceGeneratorError(persons: persons, imagesPerPerson: images)) {
      try generator.write(persons: persons, imagesPerPerson: images, to: "/nowhere")
    }
  }
}
