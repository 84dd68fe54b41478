package import Dispatch
internal import Foundation

/// Ctrl-C, and what a service manager sends.
package enum StopSignals {
  /// Lets a body be called at the first one, for as long as the sources live; the next one of its kind ends the program as
  /// it ends any other.
  package static func first(_ body: @escaping @Sendable () -> Void) -> [any DispatchSourceSignal] {
    handle { number in
      body()
      signal(number, SIG_DFL)
    }
  }

  /// Lets a body be called at each one, for as long as the sources live.
  package static func handle(_ body: @escaping @Sendable (Int32) -> Void) -> [any DispatchSourceSignal] {
    [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { body(number) }
      source.resume()
      return source
    }
  }
}
