import Foundation
import Testing

/// A leak that was planted is found, and none is found where there is none.
@Suite(.timeLimit(.minutes(45)), .serialized) struct LeakTests {
  private struct Results: Decodable {
    struct Privacy: Decodable { let arms: [Arm] }
    struct Arm: Decodable {
      let arm: String
      let attacks: [Attack]
    }
    struct Attack: Decodable {
      let attack: String
      let overall: Measures
      let shuffledControl: Estimate
    }
    struct Measures: Decodable { let areaUnderCurve: Estimate }
    struct Estimate: Decodable {
      let value: Double
      let interval: Interval
    }
    struct Interval: Decodable {
      let lower: Double
      let upper: Double
    }
    let privacy: Privacy
  }

  @Test("Few items and many epochs leak from full fine-tuning; shuffled membership gives .5 within its interval")
  func plantedLeak() throws {
    let study = try TinyStudy()
    let text = TinyStudy.specification
      .replacing("epochs: 2, batch: 16", with: "epochs: 40, batch: 16")
      .replacing("full: {rate: 1e-3}", with: "full: {rate: 3e-3}").replacing("[13, 42]", with: "[13]")
      .replacing("  - lora: {rank: 2, alpha: 8, targets: [query, v_proj]}\n", with: "")
      .replacing("  - lora: {rank: 4, alpha: 8, targets: [query, value, fc1], layers: {last: 1}}\n", with: "")
      .replacing("models: 6, pool: 60", with: "models: 8, pool: 90")
    try study.write(text, to: "leak.yaml")
    let outcome = try Program.run("audit", study.path("leak.yaml"), "--workers", "2", "--output", study.path("leak"))
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let results = try decoder.decode(Results.self, from: study.read("leak/results.json"))
    let full = try #require(results.privacy.arms.first { $0.arm == "full" })
    let attack = try #require(full.attacks.first { $0.attack == "lira" })
    #expect(attack.overall.areaUnderCurve.value > 0.6)
    #expect(attack.overall.areaUnderCurve.interval.lower > 0.5)
    for arm in results.privacy.arms {
      for attack in arm.attacks {
        // A 95 % interval misses in one case of twenty; one half as wide again hardly ever does.
        let control = attack.shuffledControl
        let reach = 0.75 * (control.interval.upper - control.interval.lower)
        #expect(abs(control.value - 0.5) <= reach, "\(arm.arm), \(attack.attack): \(control)")
        #expect(reach < 0.2)
      }
    }
  }
}
