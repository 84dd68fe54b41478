import Foundation
import Testing

/// Proof from what an audit has left behind.
@Suite(.timeLimit(.minutes(45)), .serialized) struct VerifyTests {
  private func audit(_ study: TinyStudy, _ arguments: String...) throws {
    let outcome = try Program.run(["audit", study.path("audit.yaml"), "--output", study.path("a")] + arguments)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
  }

  @Test("The ledger of an audit proves that every sample counted once, and a step computed again has the same bits")
  func finished() throws {
    let study = try TinyStudy()
    try audit(study, "--workers", "2")
    let verified = try Program.run("verify", study.path("a"))
    #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")
    #expect(verified.output.contains("32 runs planned, 32 completed, 0 diverged; 1 session; workers joined 2 times"))
    #expect(verified.output.contains("with the same bits"))
    #expect(verified.output.hasSuffix("everything holds\n"))

    let chosen = try Program.run("verify", study.path("a"), "--step", "full/seed-13:8", "--json")
    #expect(chosen.exitCode == 0, "\(chosen.output)\(chosen.errors)")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(chosen.output.utf8)) as? [String: Any])
    #expect(json["holds"] as? Bool == true)
    #expect((json["recomputed"] as? [String: Any])?["step"] as? Int == 8)
    let none = try Program.run("verify", study.path("a"), "--step", "full/seed-13:800")
    #expect(none.exitCode == 78)
    #expect(none.errors.contains("full/seed-13, step 800: the ledger holds no such step"))
  }

  @Test("Without the specification the ledger alone is verified, and says so; --strict does not let that pass")
  func moved() throws {
    let study = try TinyStudy()
    try study.write(TinyStudy.specification(arms: "[head]"), to: "audit.yaml")
    try audit(study)
    try FileManager.default.moveItem(atPath: study.path("audit.yaml"), toPath: study.path("moved.yaml"))
    let without = try Program.run("verify", study.path("a"))
    #expect(without.exitCode == 0, "\(without.errors)")
    #expect(without.output.contains("not computed again: \(study.path("audit.yaml"))"))
    let strict = try Program.run("verify", study.path("a"), "--strict")
    #expect(strict.exitCode == 1 && strict.output.contains("--strict needs a step"), "\(strict.output)")
    let with = try Program.run("verify", study.path("a"), "--strict", "--specification", study.path("moved.yaml"))
    #expect(with.exitCode == 0, "\(with.output)\(with.errors)")
    try study.write(replacing: "seed: 13", with: "seed: 14", to: "other.yaml")
    let other = try Program.run("verify", study.path("a"), "--specification", study.path("other.yaml"))
    #expect(other.exitCode == 0)
    #expect(other.output.contains("is not what the audit was made from"))
    let nothing = try Program.run("verify", study.path("data"))
    #expect(nothing.exitCode == 78)
    #expect(nothing.errors.contains("holds no audit"))
  }

  @Test("One digit of one digest altered in the file is found, and it ends with 1")
  func altered() throws {
    let study = try TinyStudy()
    try study.write(TinyStudy.specification(arms: "[head]"), to: "audit.yaml")
    try audit(study)
    let file = study.path("a/ledger.sqlite")
    var bytes = try Data(contentsOf: URL(filePath: file))
    // The two digests of a step lie one behind the other, a little behind the name of its run.
    let digits = Set("0123456789abcdef".utf8)
    let start = try #require(
      (100..<bytes.count - 64).first { index in
        bytes[index..<index + 64].allSatisfy(digits.contains)
          && bytes[index - 40..<index].range(of: Data("head/seed-13".utf8)) != nil
      })
    bytes[start + 3] = bytes[start + 3] == 0x30 ? 0x31 : 0x30
    try bytes.write(to: URL(filePath: file))
    let verified = try Program.run("verify", study.path("a"), "--steps", "0")
    #expect(verified.exitCode == 1)
    #expect(verified.output.contains("finding: "))
    #expect(verified.output.contains("is not what was written"))
    #expect(verified.output.contains("not computed again: --steps is 0"))
  }

  @Test("Whatever an audit went through, its ledger holds: chaos, duplicates, a killed coordinator, while it runs")
  func hurt() throws {
    let study = try TinyStudy()
    let killed = try WatchedAudit(
      ["audit", study.path("audit.yaml"), "--workers", "2", "--output", study.path("a")])
    let running = try killed.hold(at: "lora-r2: shadow models") {
      let running = try Program.run("verify", study.path("a"), "--steps", "0")
      kill(killed.program.identifier, SIGKILL)
      _ = killed.finish()
      return running
    }
    #expect(running.exitCode == 0, "\(running.output)\(running.errors)")
    let afterwards = try Program.run("verify", study.path("a"), "--steps", "0")
    #expect(afterwards.exitCode == 0, "\(afterwards.output)\(afterwards.errors)")
    try audit(study, "--workers", "3", "--chaos", "0.5", "--duplicates", "0.5")
    let verified = try Program.run("verify", study.path("a"), "--strict")
    #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")
    #expect(verified.output.contains("; 2 sessions, "))
  }
}
