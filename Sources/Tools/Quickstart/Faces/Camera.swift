import Foundation
import Support

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

  /// How bright the sky is, as a share of a clear evening's.
  let sky: Double

  /// The camera in `lighting`; at dusk, `nightfall` says how far from sunset (0) to night (1) it has come.
  init(_ lighting: Lighting, nightfall: Double) {
    switch lighting {
    case .daylight:
      self.init(shadow: Color(8, 8, 10), contrast: Color(0.92, 0.92, 0.92), isBacklit: false, blur: 0, noise: 6, sky: 1)
    case .indoor:
      self.init(
        shadow: Color(34, 26, 18), contrast: Color(0.78, 0.72, 0.62), isBacklit: false, blur: 0, noise: 8, sky: 1)
    case .dusk:
      // What is left of the contrast falls by the same share in equal times, as the light does.
      let contrast = 0.9 * pow(0.013, nightfall)
      self.init(
        shadow: Color(44, 40, 58) * (1 - 0.3 * nightfall), contrast: Color(1, 0.95, 0.9) * contrast, isBacklit: true,
        blur: 1, noise: 10, sky: 1 - 0.45 * nightfall)
    }
  }

  private init(shadow: Color, contrast: Color, isBacklit: Bool, blur: Double, noise: Double, sky: Double) {
    self.shadow = shadow
    self.contrast = contrast
    self.isBacklit = isBacklit
    self.blur = blur
    self.noise = noise
    self.sky = sky
  }

  /// The colour in which a person's `color` reaches the sensor.
  func person(_ color: Color) -> Color { shadow + color * contrast }

  /// The background's colour at `point`, from (0, 0) to (1, 1).
  func background(_ point: Point, of portrait: Portrait) -> Color {
    let down = min(max(point.y + portrait.backgroundSlant * (point.x - 0.5), 0), 1)
    guard isBacklit else {
      return person(portrait.backgroundTop + (portrait.backgroundBottom - portrait.backgroundTop) * down)
    }
    let tint = (portrait.backgroundTop - Color(repeating: 150)) * 0.25
    return (Color(104, 108, 150) + (Color(214, 150, 116) - Color(104, 108, 150)) * down + tint) * sky
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
