package import Support

/// Something that went wrong with a socket, an address or a key.
package enum WireError: Error, Equatable, Sendable, CustomStringConvertible {
  case address(String, problem: String)
  case addressInUse(String)
  /// The address is beyond this host, and there are no keys.
  case withoutKeys(String)
  /// A file with keys cannot be read or written; `line` counts from one.
  case keyFile(String, line: Int?, problem: String)
  /// The other end does not accept this key, or has another key than expected.
  case notAuthenticated(String, problem: String)
  /// No answer came within `seconds`.
  case noAnswer(String, seconds: Double)
  case system(operation: String, problem: String)

  package var description: String {
    switch self {
    case .address(let address, let problem): "the address \(address): \(problem)"
    case .addressInUse(let address):
      "the address \(address) is in use; stop the program that listens there or choose another port"
    case .withoutKeys(let address):
      "the address \(address) reaches beyond this host, which needs keys; make them with: tenbin keys"
    case .keyFile(let file, let line, let problem): "\(file)\(line.map { ", line \($0)" } ?? ""): \(problem)"
    case .notAuthenticated(let address, let problem): "no connection to \(address): \(problem)"
    case .noAnswer(let address, let seconds): "no answer from \(address) within \(seconds) s"
    case .system(let operation, let problem): "\(operation) failed: \(problem)"
    }
  }
}

extension WireError: ErrorWithExitStatus {
  package var exitStatus: CommandStatus? {
    switch self {
    case .address, .withoutKeys, .keyFile, .notAuthenticated: .wrongInput
    case .noAnswer: .unreachable
    case .addressInUse, .system: .failure
    }
  }
}
