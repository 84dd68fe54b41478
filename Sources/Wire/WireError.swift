/// Something that went wrong with a socket or an address.
package enum WireError: Error, Equatable, Sendable, CustomStringConvertible {
  case address(String, problem: String)
  case addressInUse(String)
  case system(operation: String, problem: String)

  package var description: String {
    switch self {
    case .address(let address, let problem): "the address \(address): \(problem)"
    case .addressInUse(let address):
      "the address \(address) is in use; stop the program that listens there or choose another port"
    case .system(let operation, let problem): "\(operation) failed: \(problem)"
    }
  }
}
