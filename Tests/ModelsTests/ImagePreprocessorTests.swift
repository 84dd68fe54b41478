import Checkpoints
import Models
import Safetensors
import Testing
import Torch

@Suite struct ImagePreprocessorTests {
  private let golden: Golden

  init() throws { golden = try Golden() }

  @Test("Resizing and normalizing agree with ViTImageProcessor", arguments: [2, 3])
  func resizing(resample: Int) throws {
    var preprocessing = golden.base.preprocessing
    preprocessing.interpolation = try #require(ImagePreprocessing.Interpolation(rawValue: resample))
    let image = try golden.image("image")
    let expected = try golden.file.floats("image.pixels.\(resample)")
    #expect(largestDifference(try pixels(of: image, preprocessing), expected) < 1e-5)
  }

  @Test("Enlarging agrees with ViTImageProcessor")
  func enlarging() throws {
    let found = try pixels(of: try golden.image("small"), golden.base.preprocessing)
    #expect(largestDifference(found, try golden.file.floats("small.pixels")) < 1e-5)
  }

  @Test("An image of the model's size passes unchanged")
  func unchanged() throws {
    let preprocessor = ImagePreprocessor(golden.base.preprocessing, imageSize: ImageExtent(height: 2, width: 3))
    let rgb = (0..<18).map { UInt8(7 * $0) }
    #expect(try preprocessor.resized(width: 3, height: 2, rgb: rgb) == rgb)
  }

  @Test("Without normalization a byte becomes its 255th part, channel by channel")
  func plain() throws {
    var preprocessing = golden.base.preprocessing
    preprocessing.normalization = nil
    let preprocessor = ImagePreprocessor(preprocessing, imageSize: ImageExtent(height: 1, width: 2))
    let pixels = try preprocessor.pixels(resized: [[0, 51, 255, 102, 153, 204]])
    #expect(pixels.shape == [1, 3, 1, 2])
    #expect(largestDifference(try pixels.floats(), [0, 0.4, 0.2, 0.6, 1, 0.8]) < 1e-6)
  }

  @Test("Bytes that do not fill the image, and sizes that make no image, are refused")
  func misfits() throws {
    let preprocessor = ImagePreprocessor(golden.base.preprocessing, imageSize: ImageExtent(side: 12))
    #expect(throws: (any Error).self) { try preprocessor.resized(width: 4, height: 4, rgb: [1, 2, 3]) }
    #expect(throws: (any Error).self) { try preprocessor.resized(width: 12, height: 12, rgb: [1, 2, 3]) }
    #expect(throws: (any Error).self) { try preprocessor.resized(width: 0, height: 0, rgb: []) }
    #expect(throws: (any Error).self) { try preprocessor.resized(width: .max, height: 2, rgb: []) }
    #expect(throws: ModelError.self) { try preprocessor.pixels(resized: [[1, 2, 3]]) }
  }

  private func pixels(
    of image: (height: Int, width: Int, rgb: [UInt8]), _ preprocessing: ImagePreprocessing
  ) throws -> [Float] {
    let preprocessor = ImagePreprocessor(preprocessing, imageSize: golden.base.configuration.imageSize)
    let resized = try preprocessor.resized(width: image.width, height: image.height, rgb: image.rgb)
    return try preprocessor.pixels(resized: [resized]).floats()
  }
}
