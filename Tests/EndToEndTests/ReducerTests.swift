import Foundation
import Testing
import TransportTestSupport

/// Audits whose parameters lie in slices with reducers.
@Suite(.timeLimit(.minutes(45)), .serialized) struct ReducerTests {
  /// A study of one run of full fine-tuning, whose parameters are many enough to be cut into slices.
  private func study() throws -> TinyStudy {
    let study = try TinyStudy()
    try study.replaceBaseWithLargerViT()
    let text = TinyStudy.specification(arms: "[full]").replacing("seeds: [13, 42]", with: "seeds: [13]")
    try study.write(text.replacing("epochs: 2", with: "epochs: 18"), to: "smile.yaml")
    return study
  }

  private func expected(_ study: TinyStudy) throws -> Data {
    let outcome = try Program.run("audit", study.path("smile.yaml"), "--workers", "1", "--output", study.path("alone"))
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return try study.read("alone/results.json")
  }

  private func coordinator(_ study: TinyStudy, _ arguments: String...) throws -> (audit: WatchedAudit, address: String)
  {
    let audit = try WatchedAudit(
      ["coordinator", study.path("smile.yaml"), "--listen", "tcp://127.0.0.1:*", "--output", study.path("a")]
        + arguments)
    return (audit, audit.word(startingWith: "tcp://127.0.0.1:"))
  }

  private func reducer(_ name: String, of address: String) throws -> WatchedAudit {
    let reducer = try WatchedAudit(
      ["reducer", "--connect", address, "--listen", "tcp://127.0.0.1:*", "--name", name])
    reducer.wait(for: "workers reach this reducer")
    return reducer
  }

  private func worker(_ name: String, of address: String) throws -> WatchedAudit {
    try WatchedAudit(["worker", "--connect", address, "--no-shared-memory", "--name", name])
  }

  @Test(
    "Workers that exchange parameters and gradients with two reducers come to the same bytes; the coordinator sees few")
  func slices() throws {
    let study = try study()
    let expected = try expected(study)
    let (audit, address) = try coordinator(study)
    let reducers = try ["r-1", "r-2"].map { try reducer($0, of: address) }
    for name in ["r-1", "r-2"] { audit.wait(for: "\(name) can hold slices") }
    let workers = try ["w-1", "w-2"].map { try worker($0, of: address) }
    audit.wait(for: "full: training")
    let held = try slices(of: study, audit)
    // Every parameter lies in one slice while the run is shared.
    #expect(held.count == 2 && held.allSatisfy { $0 > 500_000 }, "\(held)")
    let outcome = audit.finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try study.read("a/results.json") == expected)
    for program in reducers + workers { #expect(program.finish().exitCode == 0) }
    let verified = try Program.run("verify", study.path("a"))
    #expect(verified.exitCode == 0, "\(verified.output) \(verified.errors)")
  }

  @Test("Hostile peers at a reducer change neither its slice's bits nor the audit's course")
  func hostile() throws {
    let study = try study()
    let expected = try expected(study)
    let (audit, address) = try coordinator(study)
    let reducers = try ["r-1", "r-2"].map { try reducer($0, of: address) }
    for name in ["r-1", "r-2"] { audit.wait(for: "\(name) can hold slices") }
    let workers = try ["w-1", "w-2"].map { try worker($0, of: address) }
    audit.wait(for: "full: training")
    #expect(try slices(of: study, audit).count == 2)
    let target = reducers[0].word(startingWith: "tcp://127.0.0.1:")
    var deeds = 0
    func attack(seeds: Range<Int>) throws {
      for seed in seeds where audit.program.isRunning && deeds < 100 {
        var peer = HostilePeer(control: target, seed: UInt64(seed))
        try peer.attack(rounds: 5)
        deeds += peer.deeds.values.reduce(0, +)
        peer.leave()
      }
    }
    // At first the run cannot end before it has been attacked; then it is attacked while they work.
    try audit.hold(at: "full: training", workers: workers.map(\.program.identifier)) { try attack(seeds: 0..<8) }
    try attack(seeds: 8..<40)
    #expect(deeds >= 20, "\(deeds)")
    let outcome = audit.finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(!outcome.errors.contains("were lost"), "\(outcome.errors)")
    #expect(try study.read("a/results.json") == expected)
    for program in reducers + workers { #expect(program.finish().exitCode == 0) }
  }

  @Test("A reducer that workers cannot reach is told of, and does not hold the run up")
  func unreachable() throws {
    let study = try study()
    let expected = try expected(study)
    let (audit, address) = try coordinator(study)
    let socket = study.path("r.sock")
    let reducer = try WatchedAudit(["reducer", "--connect", address, "--listen", "ipc://\(socket)", "--name", "r-1"])
    reducer.wait(for: "workers reach this reducer")
    // It still talks to the coordinator, but nobody can come in any more.
    for file in [socket, "\(socket)-b"] { try FileManager.default.removeItem(atPath: file) }
    audit.wait(for: "r-1 can hold slices")
    let workers = try ["w-1", "w-2"].map { try worker($0, of: address) }
    let outcome = audit.finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("cannot reach the reducer r-1 at ipc://"))
    #expect(outcome.errors.contains("the reducer r-1 has left: a worker could not reach it at ipc://"))
    #expect(try study.read("a/results.json") == expected)
    for program in workers { #expect(program.finish().exitCode == 0) }
    // It came back, and made its sockets anew.
    let end = reducer.finish()
    #expect(end.exitCode == 0 && end.errors.contains("joining again"), "\(end.errors)")
  }

  @Test("Ctrl-C ends a reducer that has come back to another coordinator, and one whose coordinator is gone")
  func signals() throws {
    let study = try study()
    let (first, address) = try coordinator(study)
    let reducers = try ["r-1", "r-2"].map { try reducer($0, of: address) }
    for name in ["r-1", "r-2"] { first.wait(for: "\(name) can hold slices") }
    kill(first.program.identifier, SIGKILL)
    _ = first.finish()
    kill(reducers[1].program.identifier, SIGINT)
    #expect(reducers[1].finish().exitCode == 0)
    let second = try WatchedAudit(
      ["coordinator", study.path("smile.yaml"), "--listen", address, "--output", study.path("a")])
    second.wait(for: "r-1 can hold slices")
    kill(reducers[0].program.identifier, SIGINT)
    #expect(reducers[0].finish().exitCode == 0)
    second.wait(for: "the reducer r-1 has left: it wants to go")
    kill(second.program.identifier, SIGINT)
    #expect(second.finish().exitCode == 75)
  }

  private struct Status: Decodable {
    struct Reducer: Decodable { let parameters: Int }
    let reducers: [Reducer]
  }

  @Test(
    "A reducer that is killed costs the steps since the last state, and not a bit; with duplicates and by Ctrl-C too")
  func lost() throws {
    let study = try study()
    let expected = try expected(study)
    let (audit, address) = try coordinator(study, "--duplicates", "1")
    var reducers = try ["r-1", "r-2"].map { try reducer($0, of: address) }
    for name in ["r-1", "r-2"] { audit.wait(for: "\(name) can hold slices") }
    let workers = try ["w-1", "w-2", "w-3"].map { try worker($0, of: address) }
    audit.wait(for: "full: training")
    #expect(try slices(of: study, audit).count == 2)
    let held = workers.map(\.program.identifier)
    try audit.hold(at: "full: training", workers: held) {
      kill(reducers[0].program.identifier, SIGKILL)
      _ = reducers[0].finish()
      audit.wait(for: "reducers of full/seed-13 were lost")
      reducers.append(try reducer("r-3", of: address))
      audit.wait(for: "r-3 can hold slices")
    }
    // The run continues with the reducers that there were when it lost one.
    #expect(try !slices(of: study, audit, until: { $0.contains { $0 > 0 } }).isEmpty)
    audit.hold(at: "r-3 can hold slices", workers: held) {
      kill(reducers[1].program.identifier, SIGINT)
      #expect(reducers[1].finish().exitCode == 0)
      audit.wait(for: "the reducer r-2 has left: it wants to go")
    }
    let outcome = audit.finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("the reducer r-1 has left"))
    #expect(outcome.errors.contains("the reducer r-2 has left: it wants to go"))
    #expect(try study.read("a/results.json") == expected)
    for program in workers + [reducers[2]] { #expect(program.finish().exitCode == 0) }
  }

  /// The parameters that each reducer holds, once these are as they are waited for; nothing if that never came.
  private func slices(
    of study: TinyStudy, _ audit: WatchedAudit,
    until isComplete: ([Int]) -> Bool = { !$0.isEmpty && !$0.contains(0) }
  ) throws -> [Int] {
    while audit.program.isRunning {
      let status = try Program.run("status", "--json", study.path("a"))
      guard status.exitCode == 0 else { break }
      let held = try JSONDecoder().decode(Status.self, from: Data(status.output.utf8)).reducers.map(\.parameters)
      if isComplete(held) { return held }
    }
    return []
  }
}
