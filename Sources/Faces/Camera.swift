import RandomNumbers

/// A light to photograph in: how it colours people and background, and what noise the camera adds.
struct Camera {
  /// What the darkest person looks like.
  let shadow: Color
  /// The share that is left of a person's contrast.
  let contrast: Color
  /// Whether the sun has set behind the person, who then stands dark against the sky.
  let isBacklit: Bool
  /// Standard deviation of the lens's blur, in pixels: little light needs a wide aperture.
  let blur: Double
  /// Standard deviation of the noise of every pixel and colour, in levels of 0 to 255.
  let noise: Double

  init(_ lighting: Lighting) {
    switch lighting {
    case .daylight:
      shadow = Color(8, 8, 10)
      contrast = Color(0.92, 0.92, 0.92)
      isBacklit = false
      blur = 0
      noise = 6
    case .indoor:
      shadow = Color(34, 26, 18)
      contrast = Color(0.78, 0.72, 0.62)
      isBacklit = false
      blur = 0
      noise = 8
    case .dusk:
      shadow = Color(40, 38, 58)
      contrast = Color(0.3, 0.285, 0.27)
      isBacklit = true
      blur = 1.5
      noise = 17
    }
  }

  /// The colour in which a person's `color` reaches the sensor.
  func person(_ color: Color) -> Color { shadow + color * contrast }

  /// The background's colour at `place`, from (0, 0) to (1, 1).
  func background(_ place: Point, of portrait: Portrait) -> Color {
    let down = min(max(place.y + portrait.backgroundSlant * (place.x - 0.5), 0), 1)
    guard isBacklit else {
      return person(portrait.backgroundTop + (portrait.backgroundBottom - portrait.backgroundTop) * down)
    }
    let tint = (portrait.backgroundTop - Color(repeating: 150)) * 0.25
    return Color(104, 108, 150) + (Color(214, 150, 116) - Color(104, 108, 150)) * down + tint
  }

  /// The photograph of what reaches the sensor, as eight-bit values.
  func photographed(_ picture: [Color], key: RandomKey) -> [UInt8] {
    var stream = key.generator
    var bytes: [UInt8] = []
    bytes.reserveCapacity(picture.count * 3)
    for color in picture {
      for channel in 0..<3 {
        bytes.append(UInt8(min(max((color[channel] + noise * stream.normal()).rounded(), 0), 255)))
      }
    }
    return bytes
  }
}
