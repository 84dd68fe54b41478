import Foundation

/// Red, green and blue from 0 to 255.
typealias Color = SIMD3<Double>

/// Where the head stands in the picture.
struct Pose: Hashable, Sendable {
  /// The middle of the head, in pixels from the upper left corner.
  let middle: Point
  /// Pixels for one unit of the face's frame.
  let scale: Double
  /// The turn in the plane of the picture, in radians.
  let rotation: Double
}

/// A square picture of real-valued colours on which shapes are painted, later ones over earlier ones, with edges
/// weighted by how much of a pixel they cover.
struct Canvas {
  let side: Int
  private(set) var pixels: [Color]
  private let pose: Pose
  private let light: (Color) -> Color
  private let cosine: Double
  private let sine: Double

  /// A canvas filled with `background`, which is called with the pixel's position from (0, 0) to (1, 1).
  ///
  /// - Parameter light: What becomes of the colour of everything painted afterwards.
  init(side: Int, pose: Pose, background: (Point) -> Color, light: @escaping (Color) -> Color) {
    self.side = side
    self.pose = pose
    self.light = light
    cosine = cos(pose.rotation)
    sine = sin(pose.rotation)
    pixels = []
    pixels.reserveCapacity(side * side)
    for y in 0..<side {
      for x in 0..<side { pixels.append(background(Point(Double(x) + 0.5, Double(y) + 0.5) / Double(side))) }
    }
  }

  /// Paints `shape` in one colour. `softness` is the width in pixels over which its edge fades.
  mutating func fill(_ shape: Shape, _ color: Color, opacity: Double = 1, softness: Double = 1) {
    fill(shape, opacity: opacity, softness: softness) { _ in color }
  }

  /// Paints `shape` in the colour that `shader` gives each point of the face's frame.
  mutating func fill(_ shape: Shape, opacity: Double = 1, softness: Double = 1, shader: (Point) -> Color) {
    let reach = shape.reach * pose.scale + softness + 1
    let middle = pixel(of: shape.middle)
    for y in span(middle.y, reach) {
      for x in span(middle.x, reach) {
        let point = face(of: Point(Double(x) + 0.5, Double(y) + 0.5))
        let covered = min(max(0.5 - shape.distance(point) * pose.scale / softness, 0), 1) * opacity
        if covered > 0 {
          pixels[y * side + x] += (light(shader(point)) - pixels[y * side + x]) * covered
        }
      }
    }
  }

  private func span(_ middle: Double, _ reach: Double) -> Range<Int> {
    let low = min(max(middle - reach, 0), Double(side))
    let high = min(max(middle + reach + 1, low), Double(side))
    return Int(low)..<Int(high)
  }

  private func pixel(of point: Point) -> Point {
    let turned = Point(cosine * point.x - sine * point.y, sine * point.x + cosine * point.y)
    return pose.middle + turned * pose.scale
  }

  private func face(of pixel: Point) -> Point {
    let point = (pixel - pose.middle) / pose.scale
    return Point(cosine * point.x + sine * point.y, cosine * point.y - sine * point.x)
  }
}

/// A point in the face's own frame: the middle of the head is (0, 0), y points down, and the head ends at y = ±1.
typealias Point = SIMD2<Double>

/// A region given by the signed distance to its edge (negative inside), with a disc that holds all of it.
struct Shape {
  let middle: Point
  let reach: Double
  let distance: (Point) -> Double

  /// An ellipse; the distance is exact on its edge and to first order near it (Quilez 2008, "Ellipsoid SDF").
  static func ellipse(_ middle: Point, _ radii: Point) -> Shape {
    Shape(middle: middle, reach: max(radii.x, radii.y)) { ellipseDistance($0 - middle, radii) }
  }

  /// An ellipse whose lower half narrows towards the chin by the share `jaw`.
  static func head(_ radii: Point, jaw: Double) -> Shape {
    Shape(middle: Point(0, 0), reach: max(radii.x, radii.y)) { point in
      let down = min(max(point.y, 0), radii.y) / radii.y
      return ellipseDistance(Point(point.x / (1 - jaw * down * down), point.y), radii)
    }
  }

  /// A box with corners rounded by `rounding`.
  static func box(_ middle: Point, _ half: Point, rounding: Double) -> Shape {
    Shape(middle: middle, reach: length(half)) { boxDistance($0 - middle, half, rounding) }
  }

  /// The outline of a rounded box, `thickness` to either side of its edge.
  static func frame(_ middle: Point, _ half: Point, rounding: Double, thickness: Double) -> Shape {
    Shape(middle: middle, reach: length(half) + thickness) {
      abs(boxDistance($0 - middle, half, rounding)) - thickness
    }
  }

  /// A stroke of half-width `thickness` along the points, thinning to half of that at its ends.
  static func stroke(_ points: [Point], thickness: Double) -> Shape {
    let middle = points.reduce(Point(0, 0), +) / Double(max(points.count, 1))
    let reach = (points.map { length($0 - middle) }.max() ?? 0) + thickness
    return Shape(middle: middle, reach: reach) { strokeDistance($0, points, thickness) }
  }

  /// The part of this shape that is inside `other`.
  func intersected(with other: @escaping (Point) -> Double) -> Shape {
    Shape(middle: middle, reach: reach) { [distance] point in max(distance(point), other(point)) }
  }
}

func length(_ point: Point) -> Double { (point * point).sum().squareRoot() }

func ellipseDistance(_ point: Point, _ radii: Point) -> Double {
  let outer = length(point / radii)
  let inner = length(point / (radii * radii))
  return inner < 1e-9 ? -min(radii.x, radii.y) : outer * (outer - 1) / inner
}

private func boxDistance(_ point: Point, _ half: Point, _ rounding: Double) -> Double {
  let beyond = Point(abs(point.x), abs(point.y)) - half + Point(repeating: rounding)
  let outside = length(Point(max(beyond.x, 0), max(beyond.y, 0)))
  return outside + min(max(beyond.x, beyond.y), 0) - rounding
}

private func strokeDistance(_ point: Point, _ points: [Point], _ thickness: Double) -> Double {
  var nearest = Double.infinity
  for (index, pair) in zip(points, points.dropFirst()).enumerated() {
    let along = pair.1 - pair.0
    let share = min(max(((point - pair.0) * along).sum() / max((along * along).sum(), 1e-12), 0), 1)
    let position = (Double(index) + share) / Double(points.count - 1)
    let width = thickness * (1 - 0.5 * abs(2 * position - 1))
    nearest = min(nearest, length(point - pair.0 - along * share) - width)
  }
  return nearest
}

extension [Color] {
  /// The square picture of these rows after a Gaussian blur of standard deviation `deviation` pixels; the pixels at its
  /// edge go on beyond it.
  func blurred(side: Int, deviation: Double) -> [Color] {
    guard deviation > 0, count == side * side else { return self }
    let radius = Int((3 * deviation).rounded(.up))
    let weights = (-radius...radius).map { exp(-Double($0 * $0) / (2 * deviation * deviation)) }
    let total = weights.reduce(0, +)
    func smoothed(_ pixels: [Color], at pixelIndex: (_ line: Int, _ position: Int) -> Int) -> [Color] {
      var result = pixels
      for line in 0..<side {
        for position in 0..<side {
          var sum = Color(repeating: 0)
          for (index, weight) in weights.enumerated() {
            let neighbour = Swift.min(Swift.max(position + index - radius, 0), side - 1)
            sum += pixels[pixelIndex(line, neighbour)] * weight
          }
          result[pixelIndex(line, position)] = sum / total
        }
      }
      return result
    }
    let rows = smoothed(self) { line, position in line * side + position }
    return smoothed(rows) { line, position in position * side + line }
  }
}
