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

  /// A canvas filled with `background`, which is given the pixel's place from (0, 0) to (1, 1).
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

  /// Paints `shape` in the colour that `shader` gives each place of the face's frame.
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
