package import Checkpoints
package import Torch

/// Turns byte images into a model's input, as `ViTImageProcessor` does: identical to its torchvision back end, and
/// within one of 255 levels of its Pillow back end.
///
/// It works in two steps, so that resized images, which are small, can be cached: `resized` once per image, `pixels`
/// once per batch.
package struct ImagePreprocessor: Sendable {
  package let preprocessing: ImagePreprocessing
  package let imageSize: ImageExtent
  /// The value of each byte, by channel and byte.
  private let table: [Float]

  /// - Parameter imageSize: the model's image size; it overrides the size in preprocessor_config.json.
  package init(_ preprocessing: ImagePreprocessing, imageSize: ImageExtent) {
    self.preprocessing = preprocessing
    self.imageSize = imageSize
    let scale = preprocessing.rescaleFactor ?? 1
    table = (0..<3).flatMap { channel in
      (0..<256).map { byte in
        let value = Double(byte) * scale
        guard let normalization = preprocessing.normalization else { return Float(value) }
        return Float((value - normalization.mean[channel]) / normalization.deviation[channel])
      }
    }
  }

  /// The preprocessor of the model in `checkpoint`. Throws `ModelError` if it is not a model of images.
  package init(_ checkpoint: CheckpointFolder) throws(ModelError) {
    guard let preprocessing = checkpoint.preprocessing, let size = checkpoint.configuration.imageSize else {
      throw .architecture(
        expected: "a model of images", found: checkpoint.configuration.architecture.modelType)
    }
    self.init(preprocessing, imageSize: size)
  }

  /// Resizes interleaved RGB bytes [height, width, 3] to interleaved bytes of the model's image size, with
  /// antialiasing. An image that has that size already is returned unchanged.
  package func resized(width: Int, height: Int, rgb: [UInt8]) throws -> [UInt8] {
    if width == imageSize.width, height == imageSize.height, rgb.count == byteCount { return rgb }
    guard preprocessing.resizes else {
      throw ModelError.image(expected: "\(imageSize), as do_resize is false", found: "\(height)×\(width)")
    }
    return try ImageResizing.resized(
      rgb, height: height, width: width, to: imageSize.height, imageSize.width,
      bicubic: preprocessing.interpolation == .bicubic)
  }

  /// A batch [images, 3, height, width] from the results of `resized`: bytes rescaled and normalized in Float64, then
  /// rounded to 32-bit floats.
  ///
  /// - Parameter mirrored: by image, whether left and right are exchanged; no image by default.
  package func pixels(resized images: [[UInt8]], mirrored: [Bool] = []) throws -> Tensor {
    for image in images where image.count != byteCount {
      throw ModelError.image(expected: "\(byteCount) bytes of \(imageSize)", found: "\(image.count) bytes")
    }
    let (area, width) = (imageSize.height * imageSize.width, imageSize.width)
    let count = images.count * byteCount
    let values = [Float](unsafeUninitializedCapacity: count) { values, initialized in
      for (index, image) in images.enumerated() {
        let isMirrored = mirrored.indices.contains(index) && mirrored[index]
        for channel in 0..<3 {
          let plane = index * byteCount + channel * area
          for position in 0..<area {
            let source = isMirrored ? position + width - 1 - 2 * (position % width) : position
            values.initializeElement(
              at: plane + position, to: table[channel << 8 + Int(image[3 * source + channel])])
          }
        }
      }
      initialized = count
    }
    return try Tensor.copying(values, shape: [images.count, 3, imageSize.height, imageSize.width])
  }

  private var byteCount: Int { 3 * imageSize.height * imageSize.width }
}
