import Checkpoints
import Models
import Testing
import Torch

@Suite struct ImagePreprocessorTests {
  private let golden: Golden

  init() throws { golden = try Golden() }

  @Test("Shrinking and enlarging give the bytes of torchvision", arguments: ["image", "small"], [2, 3])
  func resizing(name: String, resample: Int) throws {
    let image = try golden.image(name)
    let preprocessor = try preprocessor(resample)
    let found = try preprocessor.resized(width: image.width, height: image.height, rgb: image.rgb)
    #expect(found == (try golden.file.floats("\(name).resized.\(resample)").map { UInt8($0) }))
  }

  @Test(
    "Pixels agree with ViTImageProcessor's Pillow back end to one of 255 levels", arguments: ["image", "small"], [2, 3])
  func pillow(name: String, resample: Int) throws {
    let image = try golden.image(name)
    let preprocessor = try preprocessor(resample)
    let resized = try preprocessor.resized(width: image.width, height: image.height, rgb: image.rgb)
    let found = try preprocessor.pixels(resized: [resized]).floats()
    let expected = try golden.file.floats("\(name).pixels.\(resample)")
    // A level is 1/255 over the smallest deviation, 0.224.
    let level: Float = 1 / 255 / 0.224
    #expect(largestDifference(found, expected) < 1.001 * level)
    // Most pixels agree exactly, so rescaling and normalization do too.
    let equal = zip(found, expected).count { abs($0 - $1) < 1e-5 }
    #expect(Double(equal) > 0.7 * Double(expected.count))
  }

  @Test("An image of the model's size passes unchanged")
  func unchanged() throws {
    let preprocessor = ImagePreprocessor(
      try #require(golden.base.preprocessing), imageSize: ImageExtent(height: 2, width: 3))
    let rgb = (0..<18).map { UInt8(7 * $0) }
    #expect(try preprocessor.resized(width: 3, height: 2, rgb: rgb) == rgb)
  }

  @Test("Without normalization a byte becomes its 255th part, channel by channel")
  func plain() throws {
    var preprocessing = try #require(golden.base.preprocessing)
    preprocessing.normalization = nil
    let preprocessor = ImagePreprocessor(preprocessing, imageSize: ImageExtent(height: 1, width: 2))
    let pixels = try preprocessor.pixels(resized: [[0, 51, 255, 102, 153, 204]])
    #expect(pixels.shape == [1, 3, 1, 2])
    #expect(largestDifference(try pixels.floats(), [0, 0.4, 0.2, 0.6, 1, 0.8]) < 1e-6)
  }

  @Test("A mirrored image has its columns in the opposite order, row by row and channel by channel")
  func mirrored() throws {
    var preprocessing = try #require(golden.base.preprocessing)
    preprocessing.normalization = nil
    let preprocessor = ImagePreprocessor(preprocessing, imageSize: ImageExtent(height: 2, width: 3))
    let image = (0..<18).map { UInt8(5 * $0) }
    let opposite = [0, 1].flatMap { row in
      [2, 1, 0].flatMap { column in (0..<3).map { image[3 * (3 * row + column) + $0] } }
    }
    let found = try preprocessor.pixels(resized: [image, image], mirrored: [true, false]).floats()
    #expect(found == (try preprocessor.pixels(resized: [opposite, image]).floats()))
    #expect(Array(found.prefix(18)) != Array(found.suffix(18)))
  }

  @Test("Bytes that do not fill the image, and sizes that make no image, are refused")
  func misfits() throws {
    let preprocessor = try ImagePreprocessor(golden.base)
    #expect(throws: (any Error).self) { try preprocessor.resized(width: 4, height: 4, rgb: [1, 2, 3]) }
    #expect(throws: (any Error).self) { try preprocessor.resized(width: 12, height: 12, rgb: [1, 2, 3]) }
    #expect(throws: (any Error).self) { try preprocessor.resized(width: 0, height: 0, rgb: []) }
    #expect(throws: (any Error).self) { try preprocessor.resized(width: .max, height: 2, rgb: []) }
    #expect(throws: ModelError.self) { try preprocessor.pixels(resized: [[1, 2, 3]]) }
  }

  private func preprocessor(_ resample: Int) throws -> ImagePreprocessor {
    var preprocessing = try #require(golden.base.preprocessing)
    preprocessing.interpolation = try #require(ImagePreprocessing.Interpolation(rawValue: resample))
    return ImagePreprocessor(preprocessing, imageSize: try #require(golden.base.configuration.imageSize))
  }
}
