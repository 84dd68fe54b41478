import Testing
import Torch

@Suite struct WindowTests {
  /// A map of 3 × 4 with the numbers from 1 on.
  private static func map() throws -> Tensor { try Tensor.copying((1...12).map(Float.init), shape: [1, 3, 4, 1]) }

  @Test("Windows are filled with zeros at the bottom and right, and shifted around the edges")
  func partition() throws {
    let windows = try Self.map().windows(of: 2, shiftedBy: 0)
    #expect(windows.shape == [4, 4, 1])
    #expect(try windows.floats() == [1, 2, 5, 6, 3, 4, 7, 8, 9, 10, 0, 0, 11, 12, 0, 0])
    let shifted = try Self.map().windows(of: 2, shiftedBy: 1)
    #expect(try shifted.floats() == [6, 7, 10, 11, 8, 5, 12, 9, 0, 0, 2, 3, 0, 0, 4, 1])
  }

  @Test("Windows put together again are the map", arguments: [(2, 1), (3, 0), (3, 2), (5, 2)])
  func join(window: Int, shift: Int) throws {
    let joined = try Self.map().windows(of: window, shiftedBy: shift)
      .joined(height: 3, width: 4, window: window, shiftedBy: shift)
    #expect(joined.shape == [1, 3, 4, 1])
    #expect(try joined.floats() == (1...12).map(Float.init))
  }

  @Test("Merging takes neighbours column by column and fills an odd map with zeros")
  func merging() throws {
    let merged = try Self.map().mergedPatches()
    #expect(merged.shape == [1, 2, 2, 4])
    #expect(try merged.floats() == [1, 5, 2, 6, 3, 7, 4, 8, 9, 0, 10, 0, 11, 0, 12, 0])
  }

  @Test("Patches that the image does not fill are filled with zeros")
  func patches() throws {
    let image = try Tensor.copying((1...6).map(Float.init), shape: [1, 1, 2, 3])
    let patches = try image.imagePatches(height: 2, width: 2)
    #expect(patches.shape == [1, 1, 2, 4])
    #expect(try patches.floats() == [1, 2, 4, 5, 3, 0, 6, 0])
  }

  @Test("Sizes that do not fit are refused")
  func misfits() throws {
    let map = try Self.map()
    #expect(throws: TorchError.self) { try map.windows(of: 0, shiftedBy: 0) }
    #expect(throws: TorchError.self) { try map.windows(of: 2, shiftedBy: 2) }
    #expect(throws: TorchError.self) { try map.joined(height: 3, width: 4, window: 5, shiftedBy: 0) }
    #expect(throws: TorchError.self) { try map.reshaped([12]).mergedPatches() }
    #expect(throws: TorchError.self) { try map.imagePatches(height: 2, width: 0) }
  }
}
