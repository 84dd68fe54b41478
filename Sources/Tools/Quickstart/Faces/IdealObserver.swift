import Foundation

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
