import Foundation
import Scheduler
import Testing

@Suite struct SimulatorTests {
  /// Seeds to be run by hand, as `first..<last`.
  static let seeds: Range<Int>? = ProcessInfo.processInfo.environment["TENBIN_SIMULATION_SEEDS"].flatMap { text in
    let bounds = text.components(separatedBy: "..<").compactMap { Int($0) }
    return bounds.count == 2 && bounds[0] < bounds[1] ? bounds[0]..<bounds[1] : nil
  }

  /// Seeds in parts that run beside each other.
  static let parts: [Range<Int>] = {
    let seeds = Self.seeds ?? 0..<2_000
    let size = max(1, min(1_000, (seeds.count + 7) / 8))
    return stride(from: seeds.lowerBound, to: seeds.upperBound, by: size).map { $0..<min($0 + size, seeds.upperBound) }
  }()

  @Test(
    "Whatever happens to workers, network, disk and coordinator: every sample counts once, nothing is lost, same bits",
    arguments: parts)
  func worlds(seeds: Range<Int>) throws {
    for seed in seeds {
      let problem = try World(seed: seed).live()
      #expect(problem == nil, "\(problem ?? "")")
    }
  }

  @Test("The same seed gives the same world", arguments: [3, 17, 42, 99])
  func determinism(seed: Int) throws {
    let (first, second) = (try World(seed: seed), try World(seed: seed))
    _ = try first.live()
    _ = try second.live()
    #expect(first.digest == second.digest)
    #expect(first.events == second.events)
  }

  @Test("Everything that can happen does happen in some world")
  func coverage() throws {
    var seen: [String: Int] = [:]
    for seed in 0..<300 {
      let world = try World(seed: seed)
      _ = try world.live()
      seen.merge(world.seen, uniquingKeysWith: +)
      seen["the coordinator is started again", default: 0] += world.session - 1
    }
    let expected = [
      "a lease is given back as stale", "a lease is sent again", "a worker is dismissed, drained",
      "a worker is dismissed, refused", "a worker is dismissed, silent", "a run diverges", "a run is recalled",
      "a run is assigned whole", "a step is done by one", "a step is shared", "blocks are assigned", "workers disagree",
      "micro-batches are assigned", "slices are lost", "the coordinator is started again",
      "blocks of a validation curve are assigned",
    ]
    for name in expected { #expect(seen[name, default: 0] > 5, "\(name): \(seen[name, default: 0]) times") }
  }

  @Test("A rule that is broken on purpose is noticed within 300 worlds", arguments: ClusterFlaw.allCases)
  func flaws(flaw: ClusterFlaw) throws {
    let found = try (0..<300).first { seed in try World(seed: seed, flaw: flaw).live() != nil }
    #expect(found != nil, "\(flaw) was not noticed")
  }
}
