import CTorch

/// The device that tensors are stored and computed on.
package enum Device: String, Hashable, Sendable, CaseIterable {
  case cpu
  case cuda

  /// The devices that this libtorch offers on this machine.
  package static var available: [Device] { allCases.filter(\.isAvailable) }

  package var isAvailable: Bool {
    switch self {
    case .cpu: true
    case .cuda: ctorch_cuda_is_available()
    }
  }

  /// The device of that name. Throws if there is none, or it cannot be used.
  package init(named name: String) throws(TorchError) {
    guard let device = Device(rawValue: name) else {
      throw .unknownDevice(name: name, known: Device.allCases.map(\.rawValue))
    }
    try device.check()
    self = device
  }

  /// Throws if the device cannot be used, with the reason.
  package func check() throws(TorchError) {
    guard isAvailable else {
      throw .unavailable(
        device: self,
        reason:
          "libtorch \(TorchLibrary.version) here has no CUDA or sees no GPU; use cpu, or a libtorch built for CUDA")
    }
  }

  var number: Int32 {
    switch self {
    case .cpu: Int32(CTORCH_CPU.rawValue)
    case .cuda: Int32(CTORCH_CUDA.rawValue)
    }
  }
}
