package import Datasets
import Foundation
package import Support

/// Why no faces could be generated.
package struct FaceGeneratorError: Error, Hashable, CustomStringConvertible {
  package let persons: Int
  package let imagesPerPerson: Int

  package init(persons: Int, imagesPerPerson: Int) {
    self.persons = persons
    self.imagesPerPerson = imagesPerPerson
  }

  package var description: String {
    "cannot draw \(imagesPerPerson) images of each of \(persons) persons; expected at least one of each"
  }
}

/// Draws photographs-in-miniature of invented people and the manifest that goes with them.
///
/// A person keeps face, hair, age and lighting; expression, pose, accessory, background and the camera's noise change
/// from image to image. Everything follows from the key: generators with different keys draw different people.
///
///     let faces = try FaceGenerator(key: RandomKey(seed: 13)[.faces])
///       .write(persons: 700, imagesPerPerson: 4, to: "smile/data")
package struct FaceGenerator: Sendable {
  /// Width and height of every image.
  package static let side = 48

  private let key: RandomKey

  package init(key: RandomKey) {
    self.key = key
  }

  /// Which images `write` makes for these numbers, by person and then by image.
  package func plan(persons: Int, imagesPerPerson: Int) -> [PlannedFace] {
    FacePlan.faces(persons: max(persons, 0), imagesPerPerson: max(imagesPerPerson, 0), key: key[.plan])
  }

  /// The photograph of one planned face.
  package func photograph(_ face: PlannedFace) throws(ImageError) -> FacePhotograph {
    let person = Person(key: key[.person][face.person], lighting: face.lighting, age: face.age)
    let imageKey = key[.image][face.person][face.image]
    let portrait = Portrait(person: person, accessory: face.accessory, key: imageKey[.portrait])
    let camera = Camera(face.lighting, nightfall: portrait.nightfall)
    let neutral = FacePainter.paint(portrait, .neutral, camera: camera)
    let smiling = FacePainter.paint(portrait, .smiling, camera: camera)
    let shown = face.expression == .smiling ? smiling : neutral
    return FacePhotograph(
      image: try RGBImage(
        width: Self.side, height: Self.side, bytes: camera.photographed(shown, key: imageKey[.noise])),
      detectability: IdealObserver.detectability(neutral, smiling, noise: camera.noise))
  }

  /// Writes the images, then the tables that list them, into `folder`, which is made where it is missing.
  ///
  /// - Parameters:
  ///   - manifest: The manifest's file name; the table of ceilings is called the same with `-ceiling` added.
  ///   - prefix: What the persons' names begin with, and so their images' (`images/p0001-03.png`).
  package func write(
    persons: Int, imagesPerPerson: Int, to folder: String, manifest: String = "faces.csv", prefix: String = "p"
  ) throws -> FaceDataset {
    guard persons > 0, imagesPerPerson > 0 else {
      throw FaceGeneratorError(persons: persons, imagesPerPerson: imagesPerPerson)
    }
    try FileBytes.makeFolder(folder + "/images")
    var table = CommaSeparatedValuesWriter(header: ["path", "expression", "lighting", "age", "person", "accessory"])
    var tally = CeilingTally()
    for face in plan(persons: persons, imagesPerPerson: imagesPerPerson) {
      let photograph = try photograph(face)
      let person = prefix + padded(face.person + 1, digits: 4)
      let path = "images/\(person)-\(padded(face.image + 1, digits: 2)).png"
      try DurableFile.write(photograph.image.pngData(), to: "\(folder)/\(path)", flush: DurableFile.later)
      table.append([
        path, face.expression.rawValue, face.lighting.rawValue, face.age.rawValue, person, face.accessory.rawValue,
      ])
      tally.add(face, idealAccuracy: photograph.idealAccuracy)
    }
    // Thousands of flushes, one per image, would take longer than the drawing; the manifest is written after them.
    try DurableFolder.flushAll(below: folder + "/images")
    let stem = manifest.hasSuffix(".csv") ? String(manifest.dropLast(4)) : manifest
    let dataset = tally.dataset(manifest: "\(folder)/\(manifest)", ceiling: "\(folder)/\(stem)-ceiling.csv")
    try DurableFile.write(tally.table.bytes, to: dataset.ceiling)
    try DurableFile.write(table.bytes, to: dataset.manifest)
    return dataset
  }

  private func padded(_ number: Int, digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(digits - text.count, 0)) + text
  }
}

/// What a generator wrote, and what is known about it.
package struct FaceDataset: Hashable, Sendable {
  /// The path of the manifest: `path,expression,lighting,age,person,accessory`.
  package let manifest: String
  /// The path of the table `lighting,persons,images,ideal_accuracy`.
  package let ceiling: String
  package let persons: [Lighting: Int]
  package let images: [Lighting: Int]
  /// The best possible accuracy on the expression in each lighting: the mean over its images of Φ(d' / 2) for an
  /// observer who knows everything about the image but the expression and the noise.
  package let idealAccuracy: [Lighting: Double]

  /// The total number of images.
  package var count: Int { images.values.reduce(0, +) }
}

/// An image of a face, and how hard its expression is to recognize.
package struct FacePhotograph: Hashable, Sendable {
  package let image: RGBImage
  /// How far the two expressions of this very image lie apart, in standard deviations of the camera's noise (d').
  package let detectability: Double

  /// The accuracy on such images of an observer who knows everything but the expression and the noise: Φ(d' / 2).
  package var idealAccuracy: Double { IdealObserver.accuracy(detectability: detectability) }
}

/// Counts images, persons and ideal accuracies by lighting.
struct CeilingTally {
  private struct Entry {
    var persons = 0
    var images = 0
    var accuracies = 0.0
    var lastPerson: Int?
  }

  private var entries = Array(repeating: Entry(), count: Lighting.allCases.count)

  /// Adds an image; the images of one person must follow each other.
  mutating func add(_ face: PlannedFace, idealAccuracy: Double) {
    for (index, lighting) in Lighting.allCases.enumerated() where lighting == face.lighting {
      if entries[index].lastPerson != face.person { entries[index].persons += 1 }
      entries[index].lastPerson = face.person
      entries[index].images += 1
      entries[index].accuracies += idealAccuracy
    }
  }

  /// One row for each lighting that has images.
  var table: CommaSeparatedValuesWriter {
    var table = CommaSeparatedValuesWriter(header: ["lighting", "persons", "images", "ideal_accuracy"])
    for (lighting, entry) in present {
      table.append([
        lighting.rawValue, String(entry.persons), String(entry.images), String(entry.accuracies / Double(entry.images)),
      ])
    }
    return table
  }

  func dataset(manifest: String, ceiling: String) -> FaceDataset {
    var persons: [Lighting: Int] = [:]
    var images: [Lighting: Int] = [:]
    var accuracies: [Lighting: Double] = [:]
    for (lighting, entry) in present {
      persons[lighting] = entry.persons
      images[lighting] = entry.images
      accuracies[lighting] = entry.accuracies / Double(entry.images)
    }
    return FaceDataset(
      manifest: manifest, ceiling: ceiling, persons: persons, images: images, idealAccuracy: accuracies)
  }

  private var present: [(Lighting, Entry)] {
    zip(Lighting.allCases, entries).filter { $0.1.images > 0 }
  }
}

/// The best that any classifier can do: an observer who knows both pictures exactly and sees one of them in noise.
enum IdealObserver {
  /// How far apart two pictures are in the camera's noise: d' = ‖first − second‖₂ / σ (Green and Swets 1966).
  static func detectability(_ first: [Color], _ second: [Color], noise: Double) -> Double {
    let squares = zip(first, second).map { pair in
      let difference = pair.0 - pair.1
      return (difference * difference).sum()
    }
    return squares.reduce(0, +).squareRoot() / noise
  }

  /// The share of right answers when both are equally likely: Φ(d' / 2).
  static func accuracy(detectability: Double) -> Double {
    0.5 * erfc(-detectability / 2 / 2.0.squareRoot())
  }
}
