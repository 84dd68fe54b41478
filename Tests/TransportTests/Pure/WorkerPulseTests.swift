import SwiftProtobuf
import Testing
import Transport

@Suite struct WorkerPulseTests {
  private let start = ContinuousClock.now

  private func time(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

  @Test("Heartbeats begin with the welcome, come every half second, and end with a goodbye or refusal")
  func heartbeats() {
    var pulse = WorkerPulse(now: start, silenceLimit: .seconds(10))
    #expect(pulse.heartbeat(at: time(0)) == nil)
    pulse.hear(.welcome(.init()), at: time(100))
    pulse.unitsDone = 3
    let first = pulse.heartbeat(at: time(100))
    #expect(first?.heartbeat.unitsDone == 3)
    let early = pulse.heartbeat(at: time(599))
    let second = pulse.heartbeat(at: time(600))
    #expect(early == nil && second != nil)
    pulse.hear(.goodbye(.init()), at: time(700))
    let last = pulse.heartbeat(at: time(2_000))
    #expect(last == nil)
  }

  @Test("Silence is reported once")
  func silence() {
    var pulse = WorkerPulse(now: start, silenceLimit: .seconds(1))
    let early = pulse.isSilenceOver(at: time(1_000))
    let due = pulse.isSilenceOver(at: time(1_001))
    let again = pulse.isSilenceOver(at: time(5_000))
    #expect(!early && due && !again)
    #expect(pulse.wait(from: time(5_000)) == -1)
  }

  @Test("A broken connection is reported after a moment, unless the coordinator has said goodbye")
  func broken() {
    var pulse = WorkerPulse(now: start, silenceLimit: .seconds(100))
    pulse.disconnect(at: time(0))
    let beforeWelcome = pulse.isBreakDue(at: time(9_000))
    pulse.hear(.welcome(.init()), at: time(9_000))
    pulse.disconnect(at: time(9_000))
    var other = pulse
    let early = pulse.isBreakDue(at: time(9_499))
    let due = pulse.isBreakDue(at: time(9_500))
    let again = pulse.isBreakDue(at: time(9_900))
    #expect(!beforeWelcome && !early && due && !again)
    other.hear(.goodbye(.init()), at: time(9_100))
    let afterGoodbye = other.isBreakDue(at: time(20_000))
    #expect(!afterGoodbye)
  }

  @Test("The wait ends when the earliest of these is due")
  func wait() {
    var pulse = WorkerPulse(now: start, silenceLimit: .seconds(100))
    #expect(pulse.wait(from: time(0)) > 99_000)
    pulse.hear(.welcome(.init()), at: time(0))
    _ = pulse.heartbeat(at: time(0))
    #expect((400...501).contains(pulse.wait(from: time(50))))
    #expect(pulse.wait(from: time(700)) == 0)
  }
}
