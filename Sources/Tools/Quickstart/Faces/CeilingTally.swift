import Datasets
import Support

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
