import Support
import Torch
import Transport
import Worker

/// Images of noise with random labels, always the same; drawn on first use.
final class RandomImages: ImageItems {
  let count: Int
  private let shape: [Int]
  private let device: Device
  private var drawn: [Int: [Float]] = [:]

  /// - Parameter shape: [channels, height, width].
  init(shape: [Int], count: Int, device: Device) {
    (self.shape, self.count, self.device) = (shape, count, device)
  }

  var identity: ContentHash { ContentHash(of: "images of noise \(shape)".utf8) }

  func missing(_ positions: [Int]) -> [WantedContent] { [] }

  func pixels(_ views: [ImageView]) throws -> Tensor { try pixels(items: views.map(\.item)) }

  func pixels(items: [Int]) throws -> Tensor {
    try Tensor.copying(items.flatMap(pixels), shape: [items.count] + shape, on: device)
  }

  func labels(_ positions: [Int]) -> [Int] { positions.map(Self.label) }

  static func label(_ item: Int) -> Int {
    var generator = StepWorkload.key[.label][item].generator
    return generator.index(below: 2)
  }

  private func pixels(_ item: Int) -> [Float] {
    if let known = drawn[item] { return known }
    var generator = StepWorkload.key[.pixels][item].generator
    let pixels = (0..<shape.reduce(1, *)).map { _ in Float(generator.normal()) }
    drawn[item] = pixels
    return pixels
  }
}
