import Support

/// The plan of persons and pictures. Shares are exact, not random, so that labels are balanced within every group.
enum FacePlan {
  /// Per cent of the persons in each lighting; the last takes the rest.
  private static let shares: [(lighting: Lighting, percent: Int)] = [(.dusk, 15), (.indoor, 40)]

  /// Every person's images in order: by person, then by image.
  static func faces(persons: Int, imagesPerPerson: Int, key: RandomKey) -> [PlannedFace] {
    var faces: [PlannedFace] = []
    faces.reserveCapacity(persons * imagesPerPerson)
    var cells = Array(repeating: Cell(), count: Lighting.allCases.count * Age.allCases.count)
    for (number, person) in key[.order].permutation(count: persons).enumerated() {
      let lighting = lighting(number: number, persons: persons)
      let age = Age.allCases[number % Age.allCases.count]
      let cell = 2 * (Lighting.allCases.firstIndex(of: lighting) ?? 0) + number % 2
      var dealt = cells[cell].deal(imagesPerPerson)
      dealt = key[.images][person].permutation(count: dealt.count).map { dealt[$0] }
      for (image, card) in dealt.enumerated() {
        faces.append(
          PlannedFace(
            person: person, image: image, expression: card.expression, lighting: lighting, age: age,
            accessory: card.accessory))
      }
    }
    return faces.sorted { ($0.person, $0.image) < ($1.person, $1.image) }
  }

  private static func lighting(number: Int, persons: Int) -> Lighting {
    var end = 0
    for share in shares {
      // Rounded up, so that even a handful of persons has one in the rare light.
      end += (persons * share.percent + 99) / 100
      if number < end { return share.lighting }
    }
    return .daylight
  }
}

/// A group in which expressions alternate, and accessories take turns within each expression.
private struct Cell {
  private var dealt = 0
  private var worn = Array(repeating: 0, count: Expression.allCases.count)

  mutating func deal(_ count: Int) -> [(expression: Expression, accessory: Accessory)] {
    (0..<count).map { _ in
      let index = dealt % Expression.allCases.count
      dealt += 1
      let accessory = Accessory.allCases[worn[index] % Accessory.allCases.count]
      worn[index] += 1
      return (Expression.allCases[index], accessory)
    }
  }
}

/// One image to be made: who, with which label and accessory.
package struct PlannedFace: Hashable, Sendable {
  /// The person's number, from zero.
  package let person: Int
  /// The image's number among the person's, from zero.
  package let image: Int
  package let expression: Expression
  package let lighting: Lighting
  package let age: Age
  package let accessory: Accessory

  package init(
    person: Int, image: Int, expression: Expression, lighting: Lighting, age: Age, accessory: Accessory
  ) {
    self.person = person
    self.image = image
    self.expression = expression
    self.lighting = lighting
    self.age = age
    self.accessory = accessory
  }
}

/// What the face shows: the label of the task.
package enum Expression: String, Hashable, Sendable, CaseIterable {
  case neutral, smiling
}

/// The light in which a person is photographed, always the same for one person.
///
/// Dusk is rare and low in contrast: the expression is harder to see by a known amount, which is the planted disparity.
package enum Lighting: String, Hashable, Sendable, CaseIterable {
  case daylight, indoor, dusk
}

/// Whether a person is drawn with grey hair and wrinkles. Nothing about it is planted.
package enum Age: String, Hashable, Sendable, CaseIterable {
  case young, old
}

/// What the person wears: the label on which a base model is pretrained.
package enum Accessory: String, Hashable, Sendable, CaseIterable {
  case none, glasses, hat
}
