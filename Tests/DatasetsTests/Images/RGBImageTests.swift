import Datasets
import Support
import TestSupport
import Testing

@Suite struct RGBImageTests {
  @Test("Every kind of JPEG and PNG decodes to the values that Pillow gives", arguments: ImageFixture.all)
  func decodes(fixture: ImageFixture) throws {
    let image = try RGBImage(decoding: fixture.bytes, name: fixture.name)
    #expect(image.width == 6 && image.height == 5)
    #expect(image.bytes == fixture.pixels)
  }

  @Test("A PNG holds its image without loss, and the same image makes the same file")
  func roundTrip() throws {
    var stream = RandomKey(seed: 5)["image"].generator
    for (width, height) in [(1, 1), (1, 7), (48, 48), (33, 5)] {
      let bytes = (0..<width * height * 3).map { _ in UInt8(stream.index(below: 256)) }
      let image = try RGBImage(width: width, height: height, bytes: bytes)
      let file = try image.pngData()
      #expect(try RGBImage(decoding: file, name: "file") == image)
      #expect(try image.pngData() == file)
    }
  }

  @Test(
    "An image in memory must have three bytes per pixel", arguments: [(0, 0, 0), (2, 2, 11), (-1, -1, 3), (1, 1, 4)])
  func wrongByteCount(width: Int, height: Int, count: Int) {
    let error = #expect(throws: ImageError.self) {
      try RGBImage(width: width, height: height, bytes: Array(repeating: 0, count: count))
    }
    #expect(error?.problem == .wrongByteCount(width: width, height: height, bytes: count))
  }

  @Test("A file is known by its first bytes, and the error names it and what was expected")
  func unknownFormat() throws {
    let folder = try TemporaryFolder()
    let gif = try folder.write("GIF89a and more", to: "picture.png")
    let error = #expect(throws: ImageError.self) { try RGBImage(decoding: gif) }
    #expect(error?.problem == .unknownFormat(firstBytes: Array("GIF8".utf8)))
    #expect(error?.description.contains(gif) == true)
    #expect(error?.description.contains("47 49 46 38") == true)
    #expect(error?.description.contains("JPEG") == true)
    let empty = try folder.write([], to: "empty.jpg")
    #expect(throws: ImageError(file: empty, problem: .unknownFormat(firstBytes: []))) { try RGBImage(decoding: empty) }
    let misnamed = try folder.write(ImageFixture.jpegColor.bytes, to: "really-a-jpeg.png")
    #expect(try RGBImage(decoding: misnamed).bytes == ImageFixture.jpegColor.pixels)
    let missing = folder.path + "/missing.png"
    #expect(throws: ImageError(file: missing, problem: .unreadable(reason: "No such file or directory"))) {
      try RGBImage(decoding: missing)
    }
  }

  @Test("Every file that was cut short is refused", arguments: ImageFixture.all)
  func truncation(fixture: ImageFixture) {
    for count in 0..<fixture.bytes.count {
      #expect(throws: ImageError.self, "\(count) bytes of \(fixture.bytes.count)") {
        try RGBImage(decoding: Array(fixture.bytes.prefix(count)), name: fixture.name)
      }
    }
  }

  @Test("A file cut in the middle of its pixels is called truncated")
  func truncatedByName() throws {
    var stream = RandomKey(seed: 6)["noise"].generator
    let noise = (0..<48 * 48 * 3).map { _ in UInt8(stream.index(below: 256)) }
    let png = try RGBImage(width: 48, height: 48, bytes: noise).pngData()
    for file in [Array(png.prefix(png.count / 2)), ImageFixture.jpegColor.bytes.dropLast(12)] {
      let error = #expect(throws: ImageError.self) { try RGBImage(decoding: file, name: "cut") }
      #expect(error?.description.hasPrefix("cut: a truncated image (") == true)
    }
  }

  @Test("A flipped bit in a PNG's pixels is found by its checksum")
  func checksum() throws {
    var file = try RGBImage(width: 8, height: 8, bytes: Array(repeating: 9, count: 192)).pngData()
    file[file.count - 20] ^= 1
    let error = #expect(throws: ImageError.self) { try RGBImage(decoding: file, name: "flipped") }
    #expect(error?.description.hasPrefix("flipped: a damaged image (") == true)
  }

  @Test("An image that claims more pixels than the limit is refused before memory is taken")
  func tooLarge() throws {
    var file = ImageFixture.jpegColor.bytes
    let frame = try #require(file.indices.dropLast().first { file[$0] == 0xFF && file[$0 + 1] == 0xC0 })
    file.replaceSubrange(frame + 5..<frame + 9, with: [0xFD, 0xE8, 0xFD, 0xE8])
    #expect(throws: ImageError(file: "bomb", problem: .tooLarge(width: 65_000, height: 65_000))) {
      try RGBImage(decoding: file, name: "bomb")
    }
    var png = ImageFixture.pngGrey.bytes
    png.replaceSubrange(16..<24, with: [0, 1, 0, 0, 0, 1, 0, 0])
    png.replaceSubrange(29..<33, with: checksum(png[12..<29]))
    #expect(throws: ImageError(file: "bomb", problem: .tooLarge(width: 65_536, height: 65_536))) {
      try RGBImage(decoding: png, name: "bomb")
    }
  }

  @Test("Damaged bytes give an error or an image of the size they claim, never a trap", arguments: ImageFixture.all)
  func mutations(fixture: ImageFixture) {
    for trial in 0..<400 {
      var stream = RandomKey(seed: 9)["mutation"][fixture.name][trial].generator
      var file = fixture.bytes
      for _ in 0...stream.index(below: 4) {
        let place = stream.index(below: file.count)
        switch stream.index(below: 4) {
        case 0: file[place] ^= 1 << UInt8(stream.index(below: 8))
        case 1: file[place] = UInt8(stream.index(below: 256))
        case 2: file.insert(UInt8(stream.index(below: 256)), at: place)
        default: file.remove(at: place)
        }
      }
      do throws(ImageError) {
        let image = try RGBImage(decoding: file, name: "mutant")
        #expect(image.bytes.count == image.width * image.height * 3)
      } catch {
        #expect(error.description.hasPrefix("mutant: "))
      }
    }
  }

  /// The CRC-32 that PNG puts behind each chunk, in its order of bytes.
  private func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: ~crc >> UInt32($0)) }
  }
}
