import CTorch

/// The type of a tensor's floats.
package enum ScalarType: Hashable, Sendable {
  case float32
  case bfloat16

  package var byteCount: Int { self == .float32 ? 4 : 2 }

  var number: Int32 {
    switch self {
    case .float32: Int32(CTORCH_FLOAT32.rawValue)
    case .bfloat16: Int32(CTORCH_BFLOAT16.rawValue)
    }
  }
}
