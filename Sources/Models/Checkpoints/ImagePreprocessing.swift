/// A preprocessor_config.json: how an image becomes the numbers that a model was trained on.
package struct ImagePreprocessing: Hashable, Sendable {
  /// How pixels are interpolated, by Pillow's numbers; always with antialiasing.
  package enum Interpolation: Int, Hashable, Sendable, Codable {
    case bilinear = 2
    case bicubic = 3
  }

  /// The size that the file names; the model's own image size decides.
  package var size: ImageExtent
  package var resizes: Bool
  package var interpolation: Interpolation
  /// What bytes are multiplied by first, or nil.
  package var rescaleFactor: Double?
  /// Mean and standard deviation of each channel to normalize with, or nil.
  package var normalization: Normalization?

  /// Each channel's value becomes (value − mean) / deviation.
  package struct Normalization: Hashable, Sendable {
    package let mean: [Double]
    package let deviation: [Double]

    package init(mean: [Double], deviation: [Double]) {
      self.mean = mean
      self.deviation = deviation
    }
  }

  /// The defaults of `ViTImageProcessor`: bilinear, bytes to −1 … 1.
  package init(
    size: ImageExtent, resizes: Bool = true, interpolation: Interpolation = .bilinear, rescaleFactor: Double? = 1 / 255,
    normalization: Normalization? = Normalization(mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])
  ) {
    self.size = size
    self.resizes = resizes
    self.interpolation = interpolation
    self.rescaleFactor = rescaleFactor
    self.normalization = normalization
  }

  /// Reads a preprocessor_config.json.
  package static func read(file: String) throws(CheckpointError) -> ImagePreprocessing {
    try JSONFile.read(ImagePreprocessing.self, at: file)
  }
}

extension ImagePreprocessing: Codable {
  private enum CodingKeys: String, CodingKey {
    case kind = "image_processor_type"
    case resizes = "do_resize"
    case size
    case interpolation = "resample"
    case centerCrops = "do_center_crop"
    case rescales = "do_rescale"
    case rescaleFactor = "rescale_factor"
    case normalizes = "do_normalize"
    case mean = "image_mean"
    case deviation = "image_std"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(size: try values.decodeIfPresent(Size.self, forKey: .size)?.extent ?? ImageExtent(side: 224))
    resizes = try values.decodeIfPresent(Bool.self, forKey: .resizes) ?? true
    let number = try values.decodeIfPresent(Int.self, forKey: .interpolation) ?? Interpolation.bilinear.rawValue
    guard let known = Interpolation(rawValue: number) else {
      throw UnsupportedValue(key: "resample", found: "\(number)", supported: "2 (bilinear) and 3 (bicubic)")
    }
    interpolation = known
    if try values.decodeIfPresent(Bool.self, forKey: .centerCrops) ?? false {
      throw UnsupportedValue(key: "do_center_crop", found: "true", supported: "false")
    }
    let factor = try values.decodeIfPresent(Double.self, forKey: .rescaleFactor) ?? 1 / 255
    rescaleFactor = try values.decodeIfPresent(Bool.self, forKey: .rescales) ?? true ? factor : nil
    let mean = try values.decodeIfPresent([Double].self, forKey: .mean) ?? [0.5, 0.5, 0.5]
    let deviation = try values.decodeIfPresent([Double].self, forKey: .deviation) ?? [0.5, 0.5, 0.5]
    guard mean.count == 3, deviation.count == 3, deviation.allSatisfy({ $0 > 0 }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .deviation, in: values,
        debugDescription: "image_mean and image_std with three numbers, the latter above zero")
    }
    normalization =
      try values.decodeIfPresent(Bool.self, forKey: .normalizes) ?? true
      ? Normalization(mean: mean, deviation: deviation) : nil
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode("ViTImageProcessor", forKey: .kind)
    try values.encode(resizes, forKey: .resizes)
    try values.encode(["height": size.height, "width": size.width], forKey: .size)
    try values.encode(interpolation, forKey: .interpolation)
    try values.encode(rescaleFactor != nil, forKey: .rescales)
    try values.encode(rescaleFactor ?? 1 / 255, forKey: .rescaleFactor)
    try values.encode(normalization != nil, forKey: .normalizes)
    try values.encode(normalization?.mean ?? [0.5, 0.5, 0.5], forKey: .mean)
    try values.encode(normalization?.deviation ?? [0.5, 0.5, 0.5], forKey: .deviation)
  }

  /// The forms that `size` has had: a number, height and width, or the shorter edge.
  private struct Size: Decodable {
    let extent: ImageExtent

    enum CodingKeys: String, CodingKey {
      case height, width
      case shortestEdge = "shortest_edge"
    }

    init(from decoder: any Decoder) throws {
      if let extent = try? ImageExtent(from: decoder) {
        self.extent = extent
        return
      }
      let values = try decoder.container(keyedBy: CodingKeys.self)
      if let edge = try values.decodeIfPresent(Int.self, forKey: .shortestEdge) {
        extent = ImageExtent(side: edge)
      } else {
        extent = ImageExtent(
          height: try values.decode(Int.self, forKey: .height), width: try values.decode(Int.self, forKey: .width))
      }
      guard extent.isPossible else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "sides from 1 to 65536 pixels"))
      }
    }
  }
}

/// Height and width in pixels, written in JSON as one number for a square or as a pair.
package struct ImageExtent: Hashable, Sendable, Codable, CustomStringConvertible {
  package let height: Int
  package let width: Int

  package init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  package init(side: Int) { self.init(height: side, width: side) }

  package var description: String { "\(height)×\(width)" }

  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let side = try? value.decode(Int.self) {
      self.init(side: side)
    } else {
      let sides = try value.decode([Int].self)
      guard sides.count == 2 else {
        throw DecodingError.dataCorruptedError(in: value, debugDescription: "one number, or height and width")
      }
      self.init(height: sides[0], width: sides[1])
    }
    guard isPossible else {
      throw DecodingError.dataCorruptedError(in: value, debugDescription: "sides from 1 to 65536 pixels")
    }
  }

  /// Whether an image can have these sides.
  var isPossible: Bool { (1...65_536).contains(height) && (1...65_536).contains(width) }

  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    if height == width { try value.encode(height) } else { try value.encode([height, width]) }
  }
}
