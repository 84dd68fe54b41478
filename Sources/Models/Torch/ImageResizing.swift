import CTorch

/// Resizing of byte images with libtorch's kernels: the bytes of torchvision, within one level of Pillow's.
package enum ImageResizing {
  /// Resizes interleaved RGB bytes of `height` × `width` with antialiasing.
  package static func resized(
    _ pixels: [UInt8], height: Int, width: Int, to newHeight: Int, _ newWidth: Int, bicubic: Bool
  ) throws(TorchError) -> [UInt8] {
    let (area, overflow) = height.multipliedReportingOverflow(by: width)
    guard height > 0, width > 0, newHeight > 0, newWidth > 0, !overflow, area <= pixels.count, pixels.count == 3 * area
    else {
      throw .shape(
        operation: "resized", expected: "three bytes per pixel of \(height)×\(width)", found: [pixels.count])
    }
    let count = 3 * newHeight * newWidth
    var status: Int32 = 0
    let result = [UInt8](unsafeUninitializedCapacity: count) { values, initialized in
      values.initialize(repeating: 0)
      initialized = count
      status = ctorch_resize(
        pixels, Int64(height), Int64(width), values.baseAddress, Int64(newHeight), Int64(newWidth), bicubic)
    }
    try TorchLibrary.check("resized", status)
    return result
  }
}
