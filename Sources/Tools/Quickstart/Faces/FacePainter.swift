/// Paints a portrait without noise, from the back to the front.
struct FacePainter {
  private let portrait: Portrait
  private let expression: Expression
  private var canvas: Canvas

  /// The colours that reach the camera's sensor, row by row.
  static func paint(_ portrait: Portrait, _ expression: Expression, camera: Camera) -> [Color] {
    var painter = FacePainter(portrait, expression, camera)
    painter.paintBody()
    painter.paintHead()
    painter.paintAge()
    painter.paintEyes()
    painter.paintNose()
    painter.paintMouth()
    painter.paintHair()
    painter.paintBrows()
    switch portrait.accessory {
    case .none: break
    case .glasses: painter.paintGlasses()
    case .hat: painter.paintHat()
    }
    return painter.canvas.pixels.blurred(side: FaceGenerator.side, deviation: camera.blur)
  }

  private var person: Person { portrait.person }
  private var shadow: Color { person.skin * Color(0.62, 0.52, 0.50) }
  /// 0 for a neutral face, 1 for the broadest smile.
  private var joy: Double { expression == .smiling ? portrait.smile / Portrait.broadestSmile : 0 }

  private init(_ portrait: Portrait, _ expression: Expression, _ camera: Camera) {
    self.portrait = portrait
    self.expression = expression
    canvas = Canvas(
      side: FaceGenerator.side, pose: portrait.pose, background: { camera.background($0, of: portrait) },
      light: camera.person)
  }

  private mutating func paintBody() {
    canvas.fill(.ellipse(Point(0, 1.95), Point(1.3, 0.78)), person.clothing)
    canvas.fill(.ellipse(Point(0, 1.28), Point(0.42, 0.16)), person.clothing * 0.8)
    if person.hairstyle == .long {
      canvas.fill(.ellipse(Point(0, 0.25), Point(person.headWidth + 0.2, 1.2)), person.hair * 0.85)
    }
    canvas.fill(.box(Point(0, 0.98), Point(0.27, 0.38), rounding: 0.1), person.skin * 0.82)
  }

  private mutating func paintHead() {
    for side in [-1.0, 1.0] where person.hairstyle != .long {
      canvas.fill(.ellipse(Point(side * (person.headWidth + 0.01), 0.06), Point(0.1, 0.17)), person.skin * 0.86)
    }
    let radii = Point(person.headWidth, 1)
    let skin = person.skin
    let light = portrait.light
    canvas.fill(.head(radii, jaw: person.jaw)) { point in
      let normal = point / radii
      let facing = max(1 - (normal * normal).sum(), 0).squareRoot()
      return skin * (0.72 + 0.22 * facing + 0.15 * (normal * light).sum())
    }
    for side in [-1.0, 1.0] {
      // A smile lifts the cheeks and makes them rounder.
      let cheek = Point(side * 0.42, 0.26 - 0.04 * joy)
      canvas.fill(
        .ellipse(cheek, Point(0.19, 0.14)), skin * Color(1.03, 0.84, 0.80), opacity: 0.35 + 0.15 * joy, softness: 5)
    }
  }

  private mutating func paintAge() {
    guard person.age == .old else { return }
    for height in [-0.58, -0.48] {
      let points = curve(middle: Point(0, height), half: 0.34, bend: -0.03)
      canvas.fill(.stroke(points, thickness: 0.022), shadow, opacity: 0.5)
    }
    for side in [-1.0, 1.0] {
      let fold = [Point(side * 0.2, 0.24), Point(side * 0.33, 0.36), Point(side * 0.4, 0.5)]
      canvas.fill(.stroke(fold, thickness: 0.022), shadow, opacity: 0.45)
      let bag = curve(middle: Point(side * person.eyeSpacing, 0.08), half: 0.13, bend: 0.04)
      canvas.fill(.stroke(bag, thickness: 0.02), shadow, opacity: 0.5)
    }
  }

  private mutating func paintEyes() {
    for side in [-1.0, 1.0] {
      let middle = Point(side * person.eyeSpacing, -0.08)
      // A smile narrows the eyes from below.
      let half = Point(person.eyeSize, person.eyeSize * (0.58 - 0.12 * joy))
      canvas.fill(.ellipse(middle, half + Point(0.03, 0.04)), shadow, opacity: 0.35, softness: 2)
      canvas.fill(.ellipse(middle, half), Color(238, 236, 232))
      canvas.fill(.ellipse(middle, Point(half.y, half.y) * 1.02), person.iris)
      canvas.fill(.ellipse(middle, Point(half.y, half.y) * 0.5), Color(18, 16, 18))
      let lid = curve(middle: middle - Point(0, half.y * 0.45), half: half.x * 1.1, bend: -half.y * 0.75)
      canvas.fill(.stroke(lid, thickness: 0.032), Color(48, 36, 34), opacity: 0.9)
    }
  }

  private mutating func paintBrows() {
    for side in [-1.0, 1.0] {
      let middle = Point(side * person.eyeSpacing, -0.31 - portrait.browLift)
      let tilt = side * person.browTilt
      let points = curve(middle: middle, half: person.eyeSize * 1.25, bend: -0.05).map { point in
        point + Point(0, tilt * (point.x - middle.x) / person.eyeSize)
      }
      canvas.fill(.stroke(points, thickness: person.browThickness), person.hair * 0.75, opacity: 0.9)
    }
  }

  private mutating func paintNose() {
    let end = 0.02 + person.noseLength
    let side = portrait.light.x > 0 ? -1.0 : 1.0
    let ridge = [Point(side * 0.05, -0.05), Point(side * person.noseWidth * 0.8, end)]
    canvas.fill(.stroke(ridge, thickness: 0.04), shadow, opacity: 0.4, softness: 1.6)
    canvas.fill(.ellipse(Point(0, end), Point(person.noseWidth, 0.05)), shadow, opacity: 0.5, softness: 1.5)
    canvas.fill(.ellipse(Point(-side * 0.02, end - 0.1), Point(0.04, 0.06)), person.skin * 1.08, opacity: 0.6)
  }

  private mutating func paintMouth() {
    let smiles = expression == .smiling
    let bend = portrait.neutralCurve + (smiles ? portrait.smile : 0)
    let half = person.mouthWidth * (1 + 0.22 * joy)
    let middle = Point(0, person.mouthHeight)
    let lips = person.skin * Color(0.74, 0.46, 0.46)
    let open = smiles ? portrait.opening * portrait.smile * 0.55 : 0
    let upper = curve(middle: middle - Point(0, open / 2), half: half, bend: bend)
    let lower = curve(middle: middle + Point(0, open / 2), half: half, bend: bend + open)
    canvas.fill(.stroke(lower.map { $0 + Point(0, 0.045) }, thickness: person.lipFullness), lips, opacity: 0.8)
    canvas.fill(.stroke(upper.map { $0 - Point(0, 0.03) }, thickness: person.lipFullness * 0.5), lips, opacity: 0.6)
    if open > 0 {
      let teeth = curve(middle: middle, half: half * 0.86, bend: bend + open / 2)
      canvas.fill(.stroke(teeth, thickness: 0.03 + open / 2), Color(236, 232, 224), opacity: 0.9)
    } else {
      canvas.fill(.stroke(upper, thickness: 0.034), Color(70, 28, 30) * (person.skin.sum() / 620), opacity: 0.95)
    }
    if smiles {
      for side in [-1.0, 1.0] {
        let corner = Point(side * (half + 0.03), middle.y - bend * 0.6)
        canvas.fill(.ellipse(corner, Point(0.035, 0.06)), shadow, opacity: 0.5 * joy, softness: 1.5)
      }
    }
  }

  private mutating func paintHair() {
    let head = Point(person.headWidth + 0.07, 1.08)
    let opening = Point(person.parting * 0.4, person.hairstyle == .receding ? 0.06 : 0.24)
    let window = Point(person.headWidth - (person.hairstyle == .long ? 0.1 : 0.02), 0.98)
    let end = person.hairstyle == .long ? 0.75 : -0.05
    let cap = Shape.ellipse(Point(0, -0.02), head).intersected { point in
      max(-ellipseDistance(point - opening, window), point.y - end)
    }
    let hair = person.hair
    let light = portrait.light
    canvas.fill(cap) { point in hair * (1 + 0.25 * (point * light).sum()) }
  }

  private mutating func paintGlasses() {
    let color = portrait.accessoryColor * 0.7
    let half = portrait.secondStyle ? Point(0.22, 0.2) : Point(0.25, 0.17)
    let rounding = portrait.secondStyle ? 0.19 : 0.06
    for side in [-1.0, 1.0] {
      let middle = Point(side * max(person.eyeSpacing, 0.31), -0.06)
      canvas.fill(.box(middle, half, rounding: rounding), Color(225, 235, 245), opacity: 0.16)
      canvas.fill(.frame(middle, half, rounding: rounding, thickness: 0.032), color)
      let temple = [middle + Point(side * half.x, -0.04), Point(side * (person.headWidth + 0.02), -0.08)]
      canvas.fill(.stroke(temple, thickness: 0.04), color)
    }
    canvas.fill(.stroke(curve(middle: Point(0, -0.08), half: 0.08, bend: -0.04), thickness: 0.05), color)
  }

  private mutating func paintHat() {
    let color = portrait.accessoryColor
    let wide = person.headWidth
    let light = portrait.light
    if portrait.secondStyle {
      let cap = Shape.ellipse(Point(0, -0.5), Point(wide + 0.12, 0.86)).intersected { $0.y + 0.5 }
      canvas.fill(cap) { color * (1 + 0.2 * ($0 * light).sum()) }
      canvas.fill(.box(Point(0, -0.53), Point(wide + 0.14, 0.11), rounding: 0.06), color * 0.72)
    } else {
      canvas.fill(.box(Point(0, -0.98), Point(wide * 0.82, 0.46), rounding: 0.16)) {
        color * (1 + 0.2 * ($0 * light).sum())
      }
      canvas.fill(.box(Point(0, -0.66), Point(wide * 0.84, 0.09), rounding: 0.02), color * 0.5)
      canvas.fill(.ellipse(Point(0, -0.55), Point(wide + 0.36, 0.1)), color * 0.85)
    }
  }

  /// Nine points of a parabola whose ends lie `bend` above its middle, balanced around `middle`.
  private func curve(middle: Point, half: Double, bend: Double) -> [Point] {
    stride(from: -1.0, through: 1.0, by: 0.25).map { middle + Point($0 * half, bend * (0.45 - $0 * $0)) }
  }
}
