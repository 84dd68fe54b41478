internal import Synchronization

/// Bytes sent to and received from peers.
package struct Traffic: Sendable, Equatable {
  package var sent: Int = 0
  package var received: Int = 0

  package init() {}

  package static func + (left: Traffic, right: Traffic) -> Traffic {
    var sum = left
    sum.sent += right.sent
    sum.received += right.received
    return sum
  }

  package static func - (left: Traffic, right: Traffic) -> Traffic {
    var difference = left
    difference.sent -= right.sent
    difference.received -= right.received
    return difference
  }
}

/// A counter that two threads share.
final class TrafficCounter: Sendable {
  private let counted = Mutex(Traffic())

  func count(sent: Int = 0, received: Int = 0) {
    counted.withLock {
      $0.sent += sent
      $0.received += received
    }
  }

  var traffic: Traffic { counted.withLock { $0 } }
}

/// Counts of dropped frames and refused peers by reason; shared by the socket thread, the authenticator and the owner.
final class RefusalCounter: Sendable {
  private let counted = Mutex<[RefusalReason: Int]>([:])

  func count(_ reason: RefusalReason) { counted.withLock { $0[reason, default: 0] += 1 } }

  var counts: [String: Int] {
    counted.withLock { counts in
      Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) })
    }
  }
}
