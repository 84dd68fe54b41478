import MembershipInference
import Planning
import Support
import Testing

@Suite struct PlanTests {
  /// 120 items of 40 people, the last two of whom share one picture.
  static func input(shift: Int = 0) -> PlanInput {
    let count = 120
    var contents = (0..<count).map { ContentHash(of: [UInt8($0 + shift)]) }
    contents[119] = contents[114]
    let tone = (0..<count).map { $0 / 3 % 5 == 0 ? "rare" : "common" }
    let labels = (0..<count).map { $0 % 2 }
    return PlanInput(
      labels: labels, classes: ["no", "yes"], clusters: (0..<count).map { "p\($0 / 3)" },
      strata: [labels.map { "\($0)" }, tone], givenSplit: nil, contents: contents,
      groups: ["common", "rare"].map { value in
        .init(column: "tone", value: value, members: tone.indices.filter { tone[$0] == value })
      },
      base: ContentHash(of: [7] as [UInt8]))
  }

  static func specification(_ change: (inout Specification) -> Void = { _ in }) throws -> Specification {
    var specification = try Specification(yaml: SpecificationTests.valid, file: "audit.yaml")
    specification.privacy?.pool = 60
    change(&specification)
    return specification
  }

  @Test("No cluster and no pair of equal files is torn by a split, and the fractions are about right")
  func splitsKeepUnits() throws {
    let plan = try Plan(specification: Self.specification(), input: Self.input())
    let splits = plan.splits
    #expect((splits.train + splits.validation + splits.test).sorted() == Array(0..<120))
    for unit in plan.units.members {
      let parts = Split.allCases.filter { split in unit.contains { splits[split].contains($0) } }
      #expect(parts.count == 1)
    }
    #expect(plan.units.members.contains { $0.contains(114) && $0.contains(119) })
    #expect(abs(splits.train.count - 84) <= 6 && abs(splits.test.count - 24) <= 6)
    let rare = Set(plan.input.groups[1].members)
    #expect(abs(Double(splits.test.count { rare.contains($0) }) / Double(splits.test.count) - 0.2) < 0.15)
  }

  @Test("Models of arms that train few weights are packed, in plan order; the size of packs is part of the plan's hash")
  func packs() throws {
    let specification = try Self.specification { $0.privacy?.packed = 3 }
    let plan = try Plan(specification: specification, input: Self.input())
    for (index, arm) in specification.arms.enumerated() {
      let fleet = plan.runs.enumerated().filter { run in
        if case .fleet = run.element.purpose { run.element.arm == index } else { false }
      }
      #expect(fleet.count == 8)
      guard arm != .full else {
        #expect(fleet.allSatisfy { $0.element.schedule.pack == nil })
        continue
      }
      #expect(fleet.map { $0.element.schedule.pack?.slot } == [0, 1, 2, 0, 1, 2, 0, 1])
      #expect(fleet.map { $0.element.schedule.pack?.size } == [3, 3, 3, 3, 3, 3, 2, 2])
      #expect(fleet.map { $0.element.schedule.pack?.number } == [0, 0, 0, 3, 3, 3, 6, 6].map { fleet[$0].offset })
    }
    let alone = try Plan(specification: Self.specification { $0.privacy?.packed = 1 }, input: Self.input())
    #expect(alone.runs.allSatisfy { $0.schedule.pack == nil })
    #expect(alone.hash != plan.hash)
  }

  @Test("No pack reaches behind a look, and looks are part of the plan's hash")
  func packsEndAtLooks() throws {
    let text = SpecificationTests.valid.replacing(
      "models: 8, pool: 100", with: "models: 12, pool: 60, packed: 4, early: {looks: [6, 8], half_width: 0.1}")
    let specification = try Specification(yaml: text, file: "audit.yaml")
    let plan = try Plan(specification: specification, input: Self.input())
    let fleet = plan.runs.filter { run in
      if case .fleet = run.purpose { run.arm == 1 } else { false }
    }
    #expect(fleet.map { $0.schedule.pack?.slot } == [0, 1, 2, 3, 0, 1, 0, 1, 0, 1, 2, 3])
    #expect(fleet.map { $0.schedule.pack?.size } == [4, 4, 4, 4, 2, 2, 2, 2, 4, 4, 4, 4])
    #expect(specification.privacy?.looks(of: .full) == [6, 8, 12])
    for (old, new) in [("[6, 8]", "[6]"), ("0.1}", "0.2}"), ("half_width: 0.1", "limit: 0.6")] {
      let other = try Specification(yaml: text.replacing(old, with: new), file: "audit.yaml")
      #expect(try Plan(specification: other, input: Self.input()).hash != plan.hash)
    }
  }

  @Test("Shadow models of a released model have as many items as it, whole units, and none of the audited ones")
  func released() throws {
    let text = SpecificationTests.valid.replacing(
      "attacks: [lira], models: 8, pool: 100", with: "design: released, models: 8, pool: 24"
    ).replacing("train: 0.7, validation: 0.1, test: 0.2", with: "train: 0.5, validation: 0.1, test: 0.4")
    let specification = try Specification(yaml: text, file: "audit.yaml")
    let plan = try Plan(specification: specification, input: Self.input())
    let membership = try #require(plan.membership)
    let mask = try #require(membership.released)
    #expect(membership.pool.count == 24 && mask.count { $0 } == 12)
    let (train, test, pool) = (Set(plan.splits.train), Set(plan.splits.test), Set(membership.pool))
    for (item, isMember) in zip(membership.pool, mask) { #expect((isMember ? train : test).contains(item)) }
    for shadow in membership.members {
      #expect(pool.isDisjoint(with: shadow))
      #expect(shadow.count <= train.count && shadow.count > train.count - 6)
      for unit in plan.units.members {
        let inside = unit.count { shadow.contains($0) }
        #expect(inside == 0 || inside == unit.count)
      }
    }
    #expect(Set(membership.members).count == 8)
    let attacked = plan.runs.filter { $0.schedule.evaluatedItems.suffix(24) == membership.pool[...] }
    #expect(
      attacked.count { if case .task(let seed) = $0.purpose { seed == 13 } else { false } }
        == plan.specification.arms.count)

    for (settings, place) in [
      ("pool: 90", "audit.yaml:16: privacy.design: the released model is trained on"),
      ("pool: 24, shadow_items: 90", "audit.yaml:16: privacy.shadow_items: the released model is trained on"),
      ("pool: 90, shadow_items: 45", "audit.yaml:16: privacy.shadow_items: the released model is trained on"),
    ] {
      let wrong = text.replacing("pool: 24", with: settings)
      let error = #expect(throws: PlanError.self, "\(settings)") {
        try Plan(specification: Specification(yaml: wrong, file: "audit.yaml"), input: Self.input())
      }
      #expect(error?.description.hasPrefix(place) == true, "\(settings): \(error?.description ?? "")")
    }
    let named = try Specification(
      yaml: text.replacing("pool: 24", with: "pool: 90, shadow_items: 20"), file: "audit.yaml")
    let smaller = try Plan(specification: named, input: Self.input())
    #expect(smaller.membership?.members.allSatisfy { (15...20).contains($0.count) } == true)
    #expect(smaller.hash != plan.hash)
  }

  @Test("An arm's own fleet is the first models of the largest, and its attacks are its own")
  func fleetsByArm() throws {
    let text = SpecificationTests.valid.replacing(
      "pool: 100", with: "pool: 60, by_arm: {full: {models: 6, attacks: [loss, 'rmia:gamma=2']}, base: {models: 10}}")
    let specification = try Specification(yaml: text, file: "audit.yaml")
    let plan = try Plan(specification: specification, input: Self.input())
    #expect(plan.membership?.masks.count == 10)
    let sizes = specification.arms.indices.map { arm in
      plan.runs.count { run in
        if case .fleet = run.purpose { run.arm == arm } else { false }
      }
    }
    #expect(sizes == specification.arms.map { $0.name == "full" ? 6 : $0.name == "base" ? 10 : 8 })
    #expect(specification.privacy?.attacks(of: "full").map(\.text) == ["loss", "rmia:gamma=2.0"])
    #expect(specification.privacy?.attacks(of: "base").map(\.text) == ["lira"])
    let other = try Specification(yaml: text.replacing("gamma=2", with: "gamma=3"), file: "audit.yaml")
    #expect(try Plan(specification: other, input: Self.input()).hash != plan.hash)
  }

  @Test("Masks come in complementary pairs by unit, half each, from the train split")
  func masks() throws {
    let plan = try Plan(specification: Self.specification(), input: Self.input())
    let membership = try #require(plan.membership)
    #expect(membership.masks.count == 8)
    #expect(Set(membership.pool).isSubset(of: plan.splits.train))
    let units = plan.units.unitOfItem
    for pair in 0..<4 {
      let (first, second) = (membership.masks[2 * pair], membership.masks[2 * pair + 1])
      #expect(zip(first, second).allSatisfy { $0 != $1 })
      #expect(abs(first.count { $0 } * 2 - first.count) <= 6)
      for (position, item) in membership.pool.enumerated() {
        for (other, otherItem) in membership.pool.enumerated() where units[item] == units[otherItem] {
          #expect(first[position] == first[other])
        }
      }
    }
    #expect(Set(membership.masks.map { $0.map { $0 ? "1" : "0" }.joined() }).count == 8)
  }

  @Test("Every epoch sees every member exactly once, in the same order for every arm")
  func orders() throws {
    let plan = try Plan(specification: Self.specification(), input: Self.input())
    let runs = plan.runs.filter { $0.purpose == .task(seed: 42) }
    #expect(runs.count == 3)
    for run in runs {
      for epoch in 0..<2 {
        let order = run.schedule.order(epoch: epoch)
        #expect(order == runs[0].schedule.order(epoch: epoch))
        let seen = (0..<run.schedule.stepsPerEpoch).flatMap { run.schedule.microBatches(step: $0, order: order) }
        #expect(seen.flatMap { $0 } == order)
        #expect(order.sorted() == run.schedule.trainingItems)
        #expect(seen.allSatisfy { !$0.isEmpty && $0.count <= run.schedule.microBatch })
      }
      #expect(run.schedule.order(epoch: 0) != run.schedule.order(epoch: 1))
    }
    #expect(runs[1].schedule.steps == runs[1].schedule.stepsPerEpoch * 6)
  }

  @Test("The hash covers what changes results and nothing that does not")
  func hash() throws {
    let plain = try Plan(specification: Self.specification(), input: Self.input()).hash
    let alike: [(inout Specification) -> Void] = [
      { $0.cluster.workers = 7 }, { $0.base = "elsewhere" }, { $0.data.manifest = "/moved.csv" },
      { $0.report.samples = 5 },
    ]
    for change in alike {
      #expect(try Plan(specification: Self.specification(change), input: Self.input()).hash == plain)
    }
    let different: [(inout Specification) -> Void] = [
      { $0.cluster.threads = 2 }, { $0.seeds = [13] }, { $0.training.batch = 64 }, { $0.training.clip = 1 },
      { $0.training.lora.rate = 2e-3 }, { $0.privacy?.models = 10 }, { $0.privacy = nil },
      { $0.decision.margin = 0.01 },
      { $0.arms.removeLast() }, { $0.training.warmup = 0.5 }, { $0.training.precision = .bfloat16 },
      Self.changingLoRA { $0.dropout = 0.1 }, Self.changingLoRA { $0.isRankStabilized = true },
      { $0.arms[2] = .adapter(AdapterSettings(path: "a", name: "full")) },
    ]
    for change in different {
      #expect(try Plan(specification: Self.specification(change), input: Self.input()).hash != plain)
    }
    #expect(try Plan(specification: Self.specification(), input: Self.input(shift: 1)).hash != plain)
  }

  private static func changingLoRA(_ change: @escaping (inout LoRASettings) -> Void) -> (inout Specification) -> Void {
    { specification in
      guard case .lora(var settings) = specification.arms[1] else { return }
      change(&settings)
      specification.arms[1] = .lora(settings)
    }
  }

  @Test("An adapter from elsewhere is evaluated once, has no fleet, and reaches the hash by its content, not its place")
  func adapters() throws {
    func planned(path: String, content: UInt8) throws -> Plan {
      var input = Self.input()
      input.adapters = ["theirs": ContentHash(of: [content])]
      return try Plan(
        specification: Self.specification { $0.arms.append(.adapter(AdapterSettings(path: path, name: "theirs"))) },
        input: input)
    }
    let plan = try planned(path: "a", content: 1)
    let runs = plan.runs.filter { $0.arm == 3 }
    #expect(runs.map(\.purpose) == [.given] && runs[0].identifier.description == "theirs/given")
    #expect(
      runs[0].schedule.steps == 0 && runs[0].schedule.trainingItems.isEmpty
        && runs[0].schedule.evaluatedItems == plan.splits.test + plan.splits.validation)
    #expect(try plan.hash == planned(path: "b", content: 1).hash)
    #expect(try plan.hash != planned(path: "a", content: 2).hash)
  }

  @Test("Dropout draws from a key of its own for every run, epoch and item")
  func dropoutKeys() throws {
    let runs = try Plan(specification: Self.specification(), input: Self.input()).runs
    let keys = runs.filter { $0.arm == 1 }.flatMap { run in
      (0..<2).flatMap { epoch in (0..<3).map { run.schedule.drawsKey(epoch: epoch)[$0] } }
    }
    #expect(Set(keys).count == keys.count)
  }

  @Test("A split column that tears a cluster apart is refused, and so is a group without items")
  func refusals() throws {
    var torn = Self.input()
    torn.givenSplit = (0..<120).map { $0 % 2 == 0 ? .train : .test }
    let byColumn = try Self.specification { $0.data.split = .column("split") }
    #expect(throws: PlanError.self) { try Plan(specification: byColumn, input: torn) }
    var empty = Self.input()
    empty.groups.append(.init(column: "tone", value: "none", members: []))
    #expect(throws: PlanError.self) { try Plan(specification: Self.specification(), input: empty) }
  }

  @Test(
    "A policy that nothing can ever meet is refused with its line and key",
    arguments: [
      ("arms: [lora-r9]", "accuracy, at_least: 0.5", "policy.arms[0]: there is no arm lora-r9"),
      ("arms: [base]", "accuracy, margin: 0.05", "policy.rules[0].margin: base is not compared with another arm"),
      (
        "owner: Sato", "accuracy, group: tone=pink, at_least: 0.5", "policy.rules[0].group: there is no group tone=pink"
      ),
      ("owner: Sato", "accuracy, group: tones=rare, at_least: 0.5", "there is no group tones=rare"),
    ])
  func policies(head: String, rule: String, problem: String) throws {
    let text = SpecificationTests.valid + "policy:\n  \(head)\n  rules:\n    - {metric: \(rule)}\n"
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let line = lines.count - (problem.contains("arms[0]") ? 3 : 1)
    #expect {
      _ = try Plan(specification: Specification(yaml: text, file: "audit.yaml"), input: Self.input())
    } throws: { error in
      "\(error)".hasPrefix("audit.yaml:\(line): ") && "\(error)".contains(problem)
    }
  }

  @Test("A policy about attacks needs privacy, and one about a margin an arm to compare with")
  func unmeasured() throws {
    let attack = "policy: {rules: [{metric: attack_area, group: all, at_most: 0.6}]}\n"
    let bare = SpecificationTests.valid.replacing("privacy: {attacks: [lira], models: 8, pool: 100}\n", with: "")
    #expect {
      try Specification(yaml: bare + attack, file: "audit.yaml")
    } throws: { error in
      "\(error)".contains("policy.rules[0].metric: membership inference is measured only where")
    }
    _ = try Specification(yaml: SpecificationTests.valid + attack, file: "audit.yaml")
    let margin = "policy: {rules: [{metric: accuracy, margin: 0.05}]}\n"
    _ = try Specification(yaml: bare + margin, file: "audit.yaml")
    #expect {
      try Specification(yaml: bare.replacing("  - full\n", with: "") + margin, file: "audit.yaml")
    } throws: { error in
      "\(error)".contains("policy.rules[0].margin: no arm is compared with another")
    }
  }

  @Test("An emphasis on a group that is not there is refused with its line and key")
  func unknownEmphasis() throws {
    let text = SpecificationTests.valid.replacing(
      "epochs: 3,", with: "epochs: 3, emphasis: [{group: tone=pink, repeat: 2}],")
    #expect {
      _ = try Plan(specification: Specification(yaml: text, file: "audit.yaml"), input: Self.input())
    } throws: { error in
      "\(error)".hasPrefix("audit.yaml:14: training.emphasis[0].group: there is no group tone=pink; expected one of: ")
    }
  }
}
