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
