internal import SwiftProtobuf

/// Decides when a worker sends heartbeats and when its coordinator counts as lost; pure.
package struct WorkerPulse {
  package var unitsDone: UInt64 = 0
  package var stepsDone: UInt64 = 0
  package private(set) var wasHeard = false
  private let silenceLimit: Duration
  private var lastHeard: ContinuousClock.Instant
  private var nextHeartbeat: ContinuousClock.Instant
  private var isWelcome = false
  private var isLost = false
  /// The coordinator has said goodbye or refused: the end of connections is expected.
  private var isOver = false
  private var brokenSince: ContinuousClock.Instant?

  private static let heartbeatInterval = Duration.milliseconds(500)
  /// A goodbye may still be on its way on the one socket when the other is closed.
  private static let breakDelay = Duration.milliseconds(500)

  package init(now: ContinuousClock.Instant, silenceLimit: Duration) {
    (self.silenceLimit, lastHeard, nextHeartbeat) = (silenceLimit, now, now)
  }

  /// A message came; `body` is nil unless it is a control message.
  package mutating func hear(_ body: Tenbin_CoordinatorMessage.OneOf_Body?, at now: ContinuousClock.Instant) {
    lastHeard = now
    wasHeard = true
    switch body {
    case .welcome?: isWelcome = true
    case .goodbye?, .refusal?: isOver = true
    default: break
    }
  }

  /// A connection ended. Before the welcome nothing is lost: libzmq connects again and sends the hello.
  package mutating func disconnect(at now: ContinuousClock.Instant) {
    if isWelcome, brokenSince == nil { brokenSince = now }
  }

  /// Whether to report the coordinator as lost now; true once.
  package mutating func isSilenceOver(at now: ContinuousClock.Instant) -> Bool {
    guard !isLost, lastHeard.duration(to: now) > silenceLimit else { return false }
    isLost = true
    return true
  }

  /// Whether to report a broken connection now; true once.
  package mutating func isBreakDue(at now: ContinuousClock.Instant) -> Bool {
    guard !isOver, let brokenSince, brokenSince.duration(to: now) >= Self.breakDelay else { return false }
    isOver = true
    return true
  }

  /// The heartbeat that is due now, if one is.
  package mutating func heartbeat(at now: ContinuousClock.Instant) -> Tenbin_WorkerMessage? {
    guard isWelcome, !isOver, now >= nextHeartbeat else { return nil }
    nextHeartbeat = now + Self.heartbeatInterval
    return .with {
      $0.protocol = CoordinatorEndpoint.protocolVersion
      $0.heartbeat.unitsDone = unitsDone
      $0.heartbeat.stepsDone = stepsDone
    }
  }

  /// Milliseconds until one of these may be due; -1 for never.
  package func wait(from now: ContinuousClock.Instant) -> Int {
    var times: [ContinuousClock.Instant] = []
    if isWelcome, !isOver { times.append(nextHeartbeat) }
    if !isLost { times.append(lastHeard + silenceLimit) }
    if !isOver, let brokenSince { times.append(brokenSince + Self.breakDelay) }
    guard let soonest = times.min() else { return -1 }
    return max(0, now.duration(to: soonest).milliseconds)
  }
}
