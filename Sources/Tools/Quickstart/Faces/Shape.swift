/// A place in the face's own frame: the middle of the head is (0, 0), y points down, and the head ends at y = ±1.
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

  /// What lies in this shape and nearer than zero by `other`.
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
