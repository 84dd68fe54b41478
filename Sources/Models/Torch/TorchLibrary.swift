import CTorch

/// Settings of libtorch.
package enum TorchLibrary {
  /// The version of libtorch.
  package static var version: String { String(cString: ctorch_version()) }

  /// Threads that one operation may use.
  package static var threads: Int { Int(ctorch_threads()) }

  /// Sets the number of threads that one operation may use, for the whole process.
  package static func setThreads(_ threads: Int) throws(TorchError) {
    guard let count = Int32(exactly: threads), count >= 1 else {
      throw .failed(operation: "setThreads", reason: "\(threads) threads; expected at least one")
    }
    try check("setThreads", ctorch_set_threads(count))
  }

  /// Makes this process keep the memory that it frees, for its next allocations, rather than give it back to the
  /// system, which would fill it with zeros each time: a step that moves whole models allocates the same sizes again
  /// and again.
  package static func keepFreedMemory() { ctorch_keep_freed_memory() }

  /// Throws libtorch's words where `status` reports a failure.
  static func check(_ operation: String, _ status: Int32) throws(TorchError) {
    if status != 0 { throw .failed(operation: operation, reason: String(cString: ctorch_last_error())) }
  }
}
