import Audit
import Foundation
import Ledger
import Optimization
import Planning
import Support
import TestSupport
import Testing

/// Audits whose workers have no folder in common with their coordinator.
@Suite(
  .timeLimit(.minutes(45)),
  .serialized,
  .enabled(if: Hosts.problem == nil, "no hosts of their own can be made: \(Hosts.problem ?? "")"))
struct SeveralHostsTests {
  /// A documented command, without "tenbin".
  private func command(_ word: String, number: Int = 0) throws -> [String] {
    let found = try Documentation.commands(in: "docs/several-hosts.md").filter { $0.starts(with: ["tenbin", word]) }
    try #require(found.indices.contains(number))
    return Array(found[number].dropFirst())
  }

  /// Makes the keys as documented, and gives each host its own.
  private func makeKeys(in study: TinyStudy, for hosts: Hosts) throws {
    for words in try Documentation.commands(in: "docs/several-hosts.md") where words.starts(with: ["tenbin", "keys"]) {
      let made = try Program(Array(words.dropFirst()), in: study.path("")).wait()
      #expect(made.exitCode == 0, "\(made.errors)")
    }
    for host in ["gpu-1", "gpu-2"] {
      for role in ["worker", "reducer"] {
        try FileManager.default.moveItem(
          atPath: study.path("keys/\(role)-\(host).key"), toPath: "\(hosts.folder(of: host))/\(role)-\(host).key")
      }
    }
  }

  private func expected(_ study: TinyStudy, _ specification: String) throws -> Data {
    let outcome = try Program.run(
      "audit", study.path(specification), "--workers", "1", "--output", study.path("expected"))
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return try study.read("expected/results.json")
  }

  @Test("The documented commands run an audit on three hosts that share no folder, and it ends with the same bytes")
  func documented() throws {
    let study = try TinyStudy()
    try study.write(TinyStudy.specification, to: "smile.yaml")
    let expected = try expected(study, "smile.yaml")
    // Another host may have other files under the same names, even of the same size.
    let lines = String(decoding: try study.read("data/faces.csv"), as: UTF8.self).split(separator: "\n")
    let items = lines.dropFirst().prefix(20).map { study.path("data/\($0.prefix { $0 != "," })") }
    let decoys = try Dictionary(
      uniqueKeysWithValues: items.map {
        ($0, try Data(contentsOf: URL(filePath: $0)).count)
      })
    let hosts = try Hosts(workers: ["gpu-1", "gpu-2"], hiding: study.path(""), decoys: decoys)
    try makeKeys(in: study, for: hosts)
    let coordinator = try hosts.start(on: "coordinator", command("coordinator"), in: study.path(""))
    coordinator.wait(for: "workers join with")
    let status = try hosts.start(on: "coordinator", command("status"), in: study.path("keys")).finish()
    #expect(status.exitCode == 0, "\(status.errors)")
    let workers = try [0, 1].map { try hosts.start(on: "gpu-\($0 + 1)", command("worker", number: $0)) }
    let outcome = coordinator.finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for worker in workers {
      let outcome = worker.finish()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("fetching the base from the coordinator"))
    }
    #expect(try study.read("smile-audit/results.json") == expected)

    // The coordinator's words in the ledger say what each worker was assigned; it has that, the base, and nothing else.
    let inputs = try AuditInputs(specificationFile: study.path("smile.yaml"))
    for host in ["gpu-1", "gpu-2"] {
      let assigned = try AssignedWork(study: study, plan: inputs.plan).contents(of: host)
      let found = Set(hosts.contents(of: host).keys).subtracting(try baseContents(study))
      #expect(found.subtracting(assigned) == [], "\(host) has what it was not assigned")
      #expect(!found.isEmpty)
      #expect(hosts.contents(of: host, ending: ".partial").isEmpty)
    }
  }

  @Test("With a reducer on each host as documented, the same bytes, and no link carries more than the workers' shares")
  func reducers() throws {
    let study = try TinyStudy()
    try study.replaceBaseWithLargerViT()
    var text = TinyStudy.specification(arms: "[full]").replacing("seeds: [13, 42]", with: "seeds: [13]")
    // Without evaluations between steps, which would send parameters beyond those of the steps.
    text = text.replacing("epochs: 2", with: "validation_curve: false, epochs: 12")
      .replacing("microbatch: 4", with: "microbatch: 8")
    try study.write(text, to: "smile.yaml")
    let expected = try expected(study, "smile.yaml")
    let hosts = try Hosts(workers: ["gpu-1", "gpu-2"], hiding: study.path(""))
    try hosts.connectWorkers()
    try makeKeys(in: study, for: hosts)
    let coordinator = try hosts.start(on: "coordinator", command("coordinator"), in: study.path(""))
    coordinator.wait(for: "workers join with")
    let reducers = try [0, 1].map { try hosts.start(on: "gpu-\($0 + 1)", command("reducer", number: $0)) }
    for host in ["gpu-1", "gpu-2"] { coordinator.wait(for: "\(host) can hold slices") }
    let workers = try [0, 1].map { try hosts.start(on: "gpu-\($0 + 1)", command("worker", number: $0)) }
    let before = try coordinator.hold(at: "full: training", workers: workers.map(\.program.identifier)) {
      try ["gpu-1", "gpu-2"].map { try hosts.traffic(of: $0) }
    }
    coordinator.wait(for: "full: evaluation")
    let after = try ["gpu-1", "gpu-2"].map { try hosts.traffic(of: $0) }
    let outcome = coordinator.finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for program in reducers + workers {
      let outcome = program.finish()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    #expect(try study.read("smile-audit/results.json") == expected)
    let inputs = try AuditInputs(specificationFile: study.path("smile.yaml"))
    let run = try #require(inputs.plan.runs.first)
    // Each reducer holds half of the parameters. A host sends the other half of every node of the reduction that its worker
    // was assigned, and the parameters of its own half after every step; it receives what the other host sends. Where both
    // workers compute one node a step that is what a ring all-reduce moves; how many they were assigned is their speed's
    // affair, and in the ledger.
    let half = inputs.parameterCount(ofRun: 0) * 4 / 2
    let assigned = try AssignedWork(study: study, plan: inputs.plan)
    let nodes = try ["gpu-1", "gpu-2"].map { try assigned.reductionNodes(of: $0) }
    for (host, (before, after)) in zip(before, after).enumerated() {
      let (received, sent) = (after.received - before.received, after.sent - before.sent)
      let most = [nodes[host], nodes[1 - host]].map { ($0 + run.schedule.steps) * half * 5 / 4 }
      #expect(sent < most[0] && received < most[1], "\(sent) and \(received) bytes; expected at most \(most)")
    }
    let sent = zip(before, after).reduce(0) { $0 + $1.1.sent - $1.0.sent }
    // Whoever computes a step, half of its gradient crosses a link.
    #expect(sent > run.schedule.steps * half / 2, "\(sent) bytes in \(run.schedule.steps) steps of 2 × \(half)")
  }

  private func baseContents(_ study: TinyStudy) throws -> Set<String> {
    Set(
      try ["config.json", "preprocessor_config.json", "model.safetensors"].map {
        ContentHash(of: Array(try study.read("base/\($0)"))).description
      })
  }

  @Test(
    "A worker that is killed while it fetches resumes, and a dead worker's host has only what it was assigned")
  func killed() throws {
    let study = try TinyStudy()
    try study.replaceBaseWithLargerViT()
    var text = TinyStudy.specification(arms: "[{lora: {rank: 2, alpha: 8}}]")
    text = text.replacing("seeds: [13, 42]", with: "seeds: [13]").replacing("epochs: 2", with: "epochs: 1")
    try study.write(text, to: "smile.yaml")
    let expected = try expected(study, "smile.yaml")
    let hosts = try Hosts(workers: ["gpu-1", "gpu-2"], hiding: study.path(""))
    try makeKeys(in: study, for: hosts)
    try hosts.limit(0, rate: "16mbit")
    let coordinator = try hosts.start(on: "coordinator", command("coordinator"), in: study.path(""))
    coordinator.wait(for: "workers join with")

    // Killed when a part of the base is there.
    let first = try hosts.start(on: "gpu-1", command("worker"))
    let weights = ContentHash(of: Array(try study.read("base/model.safetensors"))).description
    func part() -> Int { hosts.contents(of: "gpu-1", ending: ".partial")[weights] ?? 0 }
    while part() == 0, first.program.isRunning { usleep(1_000) }
    kill(first.program.identifier, SIGKILL)
    _ = first.finish()
    let left = part()
    #expect(left > 0 && hosts.contents(of: "gpu-1")[weights] == nil)
    try hosts.limit(0, rate: nil)

    // The next one begins behind that; killed when its host has some items.
    let second = try hosts.start(on: "gpu-1", command("worker"))
    second.wait(for: "here already")
    while hosts.contents(of: "gpu-1").count < 4, second.program.isRunning { usleep(1_000) }
    kill(second.program.identifier, SIGKILL)
    let outcome = second.finish()
    let here = try #require(outcome.errors.firstMatch(of: /; (\d+) bytes are here already/))
    #expect(Int(here.1) ?? 0 >= left, "\(outcome.errors)")
    #expect(hosts.contents(of: "gpu-1")[weights] != nil)

    // Another host ends the audit.
    let third = try hosts.start(on: "gpu-2", command("worker", number: 1))
    let end = coordinator.finish()
    #expect(end.exitCode == 0, "\(end.errors)")
    #expect(third.finish().exitCode == 0)
    #expect(try study.read("smile-audit/results.json") == expected)

    let plan = try AuditInputs(specificationFile: study.path("smile.yaml")).plan
    let used = Set(
      plan.runs.flatMap { $0.schedule.trainingItems + $0.schedule.evaluatedItems }.map {
        plan.input.contents[$0].description
      })
    let found = Set(hosts.contents(of: "gpu-1").keys).subtracting(try baseContents(study))
    #expect(found.isStrictSubset(of: used), "\(found.count) of \(used.count)")
    let others = Set(hosts.contents(of: "gpu-2").keys).subtracting(try baseContents(study))
    let assigned = try AssignedWork(study: study, plan: plan).contents(of: "gpu-2")
    #expect(others.subtracting(assigned) == [] && !others.isEmpty)
  }
}

/// What the ledger says that workers were assigned.
private struct AssignedWork {
  private let plan: Plan
  private let records: LedgerRecords

  init(study: TinyStudy, plan: Plan) throws {
    self.plan = plan
    records = try LedgerRecords(
      file: study.path("smile-audit/ledger.sqlite"), states: study.path("smile-audit/states"))
  }

  /// How many nodes of the reduction tree the leases of a worker cover, over all steps.
  func reductionNodes(of worker: String) throws -> Int {
    let incarnations = Set(records.members.filter { $0.name == worker }.map(\.member))
    return try records.attempts.filter { incarnations.contains($0.member) }.reduce(0) { sum, attempt in
      guard case .microBatches(let step, let units) = attempt.work else { return sum }
      let run = try #require(plan.runs.first { $0.identifier.description == attempt.run })
      return sum + CanonicalTree.nodes(covering: units, total: run.schedule.microBatchCount(step: step)).count
    }
  }

  /// The contents of all items that a worker was assigned.
  func contents(of worker: String) throws -> Set<String> {
    let incarnations = Set(records.members.filter { $0.name == worker }.map(\.member))
    var items: Set<Int> = []
    for attempt in records.attempts where incarnations.contains(attempt.member) {
      let run = try #require(plan.runs.first { $0.identifier.description == attempt.run })
      switch attempt.work {
      case .training: items.formUnion(run.schedule.trainingItems)
      case .microBatches(let step, let units):
        let order = run.schedule.order(epoch: step / run.schedule.stepsPerEpoch)
        items.formUnion(
          run.schedule.microBatches(step: step % run.schedule.stepsPerEpoch, order: order)[units].joined())
      case .blocks(let blocks):
        // The blocks of the validation curve come after those of the last evaluation.
        items.formUnion((run.schedule.evaluationBlocks + run.schedule.validationBlocks)[blocks].joined())
      }
    }
    return Set(items.map { plan.input.contents[$0].description })
  }
}
