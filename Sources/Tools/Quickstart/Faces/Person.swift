import Support

/// How the hair is worn.
enum Hairstyle: CaseIterable {
  case short, long, receding
}

/// A person who is photographed several times: what stays the same from image to image.
struct Person {
  let lighting: Lighting
  let age: Age
  let skin: Color
  let hair: Color
  let hairstyle: Hairstyle
  /// How far the parting lies to one side.
  let parting: Double
  let headWidth: Double
  let jaw: Double
  let eyeSpacing: Double
  let eyeSize: Double
  let iris: Color
  let browTilt: Double
  let browThickness: Double
  let noseLength: Double
  let noseWidth: Double
  let mouthWidth: Double
  let mouthHeight: Double
  let lipFullness: Double
  /// The curve of the mouth at rest; some people look cheerful without smiling.
  let restingCurve: Double
  let clothing: Color

  init(key: RandomKey, lighting: Lighting, age: Age) {
    var stream = key.generator
    self.lighting = lighting
    self.age = age
    let complexion = stream.uniform()
    let pale = Color(240, 204, 178)
    let deep = Color(166, 118, 88)
    skin = pale + (deep - pale) * complexion + Color(repeating: stream.uniform(in: -6...6))
    let natural = [Color(38, 30, 28), Color(74, 48, 32), Color(120, 78, 44), Color(198, 158, 92), Color(140, 62, 34)]
    let young = natural[stream.index(below: natural.count)]
    let grey = Color(repeating: stream.uniform(in: 165...215))
    hair = age == .old ? young + (grey - young) * 0.88 : young
    hairstyle = Hairstyle.allCases[stream.index(below: age == .old ? 3 : 2)]
    parting = stream.uniform(in: -0.3...0.3)
    headWidth = stream.uniform(in: 0.72...0.84)
    jaw = stream.uniform(in: 0.08...0.26)
    eyeSpacing = stream.uniform(in: 0.29...0.36)
    eyeSize = stream.uniform(in: 0.13...0.17)
    let irises = [Color(70, 44, 26), Color(96, 66, 34), Color(70, 98, 62), Color(74, 104, 142)]
    iris = irises[stream.index(below: irises.count)]
    browTilt = stream.uniform(in: -0.05...0.05)
    browThickness = stream.uniform(in: 0.030...0.055)
    noseLength = stream.uniform(in: 0.22...0.32)
    noseWidth = stream.uniform(in: 0.09...0.14)
    mouthWidth = stream.uniform(in: 0.31...0.36)
    mouthHeight = stream.uniform(in: 0.52...0.56)
    lipFullness = stream.uniform(in: 0.045...0.075)
    restingCurve = 0.035 + 0.012 * stream.normal()
    let red = stream.uniform(in: 40...210)
    let green = stream.uniform(in: 40...190)
    clothing = Color(red, green, stream.uniform(in: 50...210))
  }
}

extension RandomStream {
  mutating func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }
}

/// Everything about one image except the expression and the camera's noise, so that the same moment can be drawn with
/// either expression.
struct Portrait {
  /// The most that a smile adds to the curve of the mouth, in units of the face's frame.
  static let broadestSmile = 0.2

  let person: Person
  let accessory: Accessory
  let accessoryColor: Color
  /// Which of two kinds of hat, or of glasses, it is.
  let secondStyle: Bool
  let pose: Pose
  /// The curve of the mouth without a smile: the person's own and the moment's.
  let neutralCurve: Double
  /// What a smile adds to the curve; some smiles are faint.
  let smile: Double
  /// How wide a smile opens the mouth; 0 for a closed one.
  let opening: Double
  let browLift: Double
  /// The direction of the light, to the right and down.
  let light: Point
  let backgroundTop: Color
  let backgroundBottom: Color
  let backgroundSlant: Double
  /// How far the evening has come, from sunset (0) to night (1), for those who are photographed at dusk.
  let nightfall: Double

  init(person: Person, accessory: Accessory, key: RandomKey) {
    var stream = key.generator
    self.person = person
    self.accessory = accessory
    let shade = stream.uniform(in: 25...120)
    accessoryColor = Color(
      shade + stream.uniform(in: -20...70), shade + stream.uniform(in: -20...40), shade + stream.uniform(in: -20...70))
    secondStyle = stream.index(below: 2) == 1
    let side = Double(FaceGenerator.side)
    pose = Pose(
      middle: Point(side / 2 + stream.uniform(in: -1...1), side * 0.53 + stream.uniform(in: -1...1)),
      scale: side / 3 * stream.uniform(in: 0.96...1.05), rotation: stream.uniform(in: -0.07...0.07))
    neutralCurve = person.restingCurve + 0.012 * stream.normal()
    smile = Self.broadestSmile * stream.uniform(in: 0.5...1)
    opening = stream.uniform() < 0.15 ? stream.uniform(in: 0.3...0.8) : 0
    browLift = stream.uniform(in: -0.03...0.04)
    light = Point(stream.uniform(in: -0.7...0.7), stream.uniform(in: -0.8 ... -0.2))
    let grey = stream.uniform(in: 95...200)
    let base = Color(
      grey + stream.uniform(in: -25...25), grey + stream.uniform(in: -18...18), grey + stream.uniform(in: -25...35))
    let step = stream.uniform(in: 15...45)
    backgroundTop = base + Color(repeating: step / 2)
    backgroundBottom = base - Color(repeating: step)
    backgroundSlant = stream.uniform(in: -0.6...0.6)
    nightfall = stream.uniform()
  }
}
