import Foundation

extension [Color] {
  /// The square picture of these rows after a Gaussian blur of standard deviation `deviation` pixels; the pixels at its
  /// edge go on beyond it.
  func blurred(side: Int, deviation: Double) -> [Color] {
    guard deviation > 0, count == side * side else { return self }
    let radius = Int((3 * deviation).rounded(.up))
    let weights = (-radius...radius).map { exp(-Double($0 * $0) / (2 * deviation * deviation)) }
    let total = weights.reduce(0, +)
    func smoothed(_ pixels: [Color], at place: (_ line: Int, _ position: Int) -> Int) -> [Color] {
      var result = pixels
      for line in 0..<side {
        for position in 0..<side {
          var sum = Color(repeating: 0)
          for (index, weight) in weights.enumerated() {
            let neighbour = Swift.min(Swift.max(position + index - radius, 0), side - 1)
            sum += pixels[place(line, neighbour)] * weight
          }
          result[place(line, position)] = sum / total
        }
      }
      return result
    }
    let rows = smoothed(self) { line, position in line * side + position }
    return smoothed(rows) { line, position in position * side + line }
  }
}
