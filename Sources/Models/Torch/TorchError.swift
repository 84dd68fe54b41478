/// A failure inside libtorch, or a device that it does not offer.
package enum TorchError: Error, Hashable, CustomStringConvertible {
  /// libtorch refused an operation; its own words.
  case failed(operation: String, reason: String)
  /// There is no device of that name.
  case unknownDevice(name: String, known: [String])
  /// The device cannot be used, and why.
  case unavailable(device: Device, reason: String)
  /// A tensor has another shape than the operation needs.
  case shape(operation: String, expected: String, found: [Int])

  package var description: String {
    switch self {
    case .failed(let operation, let reason): "\(operation): \(reason)"
    case .unknownDevice(let name, let known):
      "there is no device \"\(name)\"; expected one of \(known.joined(separator: ", "))"
    case .unavailable(let device, let reason): "the device \(device.rawValue) cannot be used: \(reason)"
    case .shape(let operation, let expected, let found): "\(operation): expected \(expected), found \(found)"
    }
  }
}
