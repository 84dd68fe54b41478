import Support

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
