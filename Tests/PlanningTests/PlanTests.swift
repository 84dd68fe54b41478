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

  static func design(_ change: (inout StudyDesign) -> Void = { _ in }) -> StudyDesign {
    var lora = LoRASettings(rank: 8)
    lora.layers = .last(2)
    var training = TrainingSettings(epochs: 3)
    training.lora.epochs = 6
    var design = StudyDesign(
      arms: [.head, .lora(lora), .full], training: training, seeds: [13, 42],
      split: .fractions(train: 0.7, validation: 0.1, test: 0.2, seed: 13, stratify: ["smiling", "tone"]),
      shadowModels: ShadowModelSettings(models: 8, pool: 60), digest: ContentHash(of: [1] as [UInt8]))
    change(&design)
    return design
  }

  static func plan(_ change: (inout StudyDesign) -> Void = { _ in }) throws -> Plan {
    try Plan(design: design(change), input: input())
  }

  @Test("No cluster and no pair of equal files is torn by a split, and the fractions are about right")
  func splitsKeepUnits() throws {
    let plan = try Self.plan()
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
    let plan = try Self.plan { $0.shadowModels?.packed = 3 }
    for (index, arm) in plan.design.arms.enumerated() {
      let shadowModels = plan.runs.enumerated().filter { run in
        if case .shadowModel = run.element.purpose { run.element.arm == index } else { false }
      }
      #expect(shadowModels.count == 8)
      guard arm != .full else {
        #expect(shadowModels.allSatisfy { $0.element.schedule.pack == nil })
        continue
      }
      #expect(shadowModels.map { $0.element.schedule.pack?.slot } == [0, 1, 2, 0, 1, 2, 0, 1])
      #expect(shadowModels.map { $0.element.schedule.pack?.size } == [3, 3, 3, 3, 3, 3, 2, 2])
      #expect(
        shadowModels.map { $0.element.schedule.pack?.number }
          == [0, 0, 0, 3, 3, 3, 6, 6].map { shadowModels[$0].offset })
    }
    let alone = try Self.plan { $0.shadowModels?.packed = 1 }
    #expect(alone.runs.allSatisfy { $0.schedule.pack == nil })
    #expect(alone.hash != plan.hash)
  }

  @Test("No pack reaches past an interim analysis, and the analyses are part of the plan's hash")
  func packsEndAtAnalyses() throws {
    func planned(analyses: [Int]) throws -> Plan {
      try Self.plan {
        $0.shadowModels = ShadowModelSettings(models: 12, pool: 60)
        $0.shadowModels?.packed = 4
        $0.shadowModels?.analyses = analyses
      }
    }
    let plan = try planned(analyses: [6, 8])
    let shadowModels = plan.runs.filter { run in
      if case .shadowModel = run.purpose { run.arm == 1 } else { false }
    }
    #expect(shadowModels.map { $0.schedule.pack?.slot } == [0, 1, 2, 3, 0, 1, 0, 1, 0, 1, 2, 3])
    #expect(shadowModels.map { $0.schedule.pack?.size } == [4, 4, 4, 4, 2, 2, 2, 2, 4, 4, 4, 4])
    #expect(plan.design.shadowModels?.analyses(of: .full) == [6, 8, 12])
    #expect(try plan.hash != planned(analyses: [6]).hash)
  }

  @Test("Shadow models of a released model have as many items as it, whole units, and none of the audited ones")
  func released() throws {
    func planned(pool: Int, shadowItems: Int? = nil) throws -> Plan {
      try Self.plan {
        $0.split = .fractions(train: 0.5, validation: 0.1, test: 0.4, seed: 13, stratify: ["smiling", "tone"])
        $0.shadowModels = ShadowModelSettings(models: 8, pool: pool)
        $0.shadowModels?.design = .released(shadowItems: shadowItems)
      }
    }
    let plan = try planned(pool: 24)
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
        == plan.design.arms.count)

    for (pool, shadowItems, key) in [
      (90, nil, "privacy.design"), (24, 90, "privacy.shadow_items"), (90, 45, "privacy.shadow_items"),
    ] {
      let error = #expect(throws: PlanError.self) { try planned(pool: pool, shadowItems: shadowItems) }
      #expect(error?.key == key)
      #expect(error?.problem.hasPrefix("the released model is trained on") == true)
    }
    let smaller = try planned(pool: 90, shadowItems: 20)
    #expect(smaller.membership?.members.allSatisfy { (15...20).contains($0.count) } == true)
    #expect(smaller.hash != plan.hash)
  }

  @Test("The shadow models of an arm with fewer are the first ones of the most that any arm has")
  func modelsByArm() throws {
    let plan = try Self.plan { $0.shadowModels?.modelsByArm = ["full": 6, "head": 10] }
    #expect(plan.membership?.masks.count == 10)
    let counts = plan.design.arms.indices.map { arm in
      plan.runs.count { run in
        if case .shadowModel = run.purpose { run.arm == arm } else { false }
      }
    }
    #expect(counts == [10, 8, 6])
  }

  @Test("Masks come in complementary pairs by unit, half each, from the train split")
  func masks() throws {
    let plan = try Self.plan()
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
    let plan = try Self.plan()
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

  @Test("Everything in a design and in the data is part of the hash")
  func hash() throws {
    let plain = try Self.plan().hash
    let different: [(inout StudyDesign) -> Void] = [
      { $0.threads = 2 }, { $0.seeds = [13] }, { $0.training.batch = 64 }, { $0.training.clip = 1 },
      { $0.training.lora.rate = 2e-3 }, { $0.shadowModels?.models = 10 }, { $0.shadowModels = nil },
      { $0.shadowModels?.tracedArms = ["full"] }, { $0.maxNewTokens = 8 },
      { $0.digest = ContentHash(of: [2] as [UInt8]) },
      { $0.arms.removeLast() }, { $0.training.warmup = 0.5 }, { $0.training.precision = .bfloat16 },
      Self.changingLoRA { $0.dropout = 0.1 }, Self.changingLoRA { $0.isRankStabilized = true },
      { $0.arms[2] = .adapter(AdapterSettings(path: "a", name: "full")) },
    ]
    for change in different {
      #expect(try Self.plan(change).hash != plain)
    }
    #expect(try Plan(design: Self.design(), input: Self.input(shift: 1)).hash != plain)
  }

  private static func changingLoRA(_ change: @escaping (inout LoRASettings) -> Void) -> (inout StudyDesign) -> Void {
    { design in
      guard case .lora(var settings) = design.arms[1] else { return }
      change(&settings)
      design.arms[1] = .lora(settings)
    }
  }

  @Test("An external adapter is evaluated once, has no shadow models, and enters the hash by its content, not its path")
  func adapters() throws {
    func planned(path: String, content: UInt8) throws -> Plan {
      var input = Self.input()
      input.adapters = ["theirs": ContentHash(of: [content])]
      return try Plan(
        design: Self.design { $0.arms.append(.adapter(AdapterSettings(path: path, name: "theirs"))) },
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
    let runs = try Self.plan().runs
    let keys = runs.filter { $0.arm == 1 }.flatMap { run in
      (0..<2).flatMap { epoch in (0..<3).map { run.schedule.drawsKey(epoch: epoch)[$0] } }
    }
    #expect(Set(keys).count == keys.count)
  }

  @Test("A split column that tears a cluster apart is refused, and so is a group without items")
  func refusals() throws {
    var torn = Self.input()
    torn.givenSplit = (0..<120).map { $0 % 2 == 0 ? .train : .test }
    let byColumn = Self.design { $0.split = .column("split") }
    #expect(throws: PlanError.self) { try Plan(design: byColumn, input: torn) }
    var empty = Self.input()
    empty.groups.append(.init(column: "tone", value: "none", members: []))
    #expect(throws: PlanError.self) { try Plan(design: Self.design(), input: empty) }
  }
}
