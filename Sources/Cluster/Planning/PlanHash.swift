internal import Support

extension Plan {
  /// Covers everything that changes results and nothing that does not: not the workers, not where files lie.
  static func hash(of design: StudyDesign, input: PlanInput, stage: Stage) -> ContentHash {
    var hasher = ContentHasher()
    hasher.combine("tenbin plan \(version)")
    hasher.combine(design.digest)
    hasher.combine(input.base)
    hasher.combine(RunSchedule.evaluationBlock)
    hasher.combine(design.threads)
    combine(design.arms, adapters: input.adapters, into: &hasher)
    combine(design.training, into: &hasher)
    hasher.combine(list: design.seeds.map(String.init))
    if let shadowModels = design.shadowModels {
      for arm in design.arms where arm.isTrained { hasher.combine(shadowModels.models(of: arm)) }
      combine(shadowModels, into: &hasher)
    }
    if let search = design.search {
      hasher.combine(stage == .search ? "search" : "after search")
      hasher.combine(list: search.seeds.map(String.init))
      for arm in design.arms {
        for candidate in search.candidates(of: arm) { combine(candidate, into: &hasher) }
        if let chosen = design.training.chosen[arm.name] { combine(chosen, into: &hasher) }
      }
    }
    combine(design.split, into: &hasher)
    hasher.combine(design.maxNewTokens)
    combine(input, into: &hasher)
    return hasher.finish()
  }

  private static func combine(_ settings: ShadowModelSettings, into hasher: inout ContentHasher) {
    hasher.combine(settings.pool)
    switch settings.design {
    case .symmetric: hasher.combine("symmetric")
    case .released(let shadowItems):
      hasher.combine("released")
      hasher.combine(shadowItems ?? 0)
    }
    hasher.combine(settings.packed)
    hasher.combine(settings.queries)
    hasher.combine(list: settings.analyses.map(String.init))
    hasher.combine(list: settings.tracedArms.sorted())
  }

  private static func combine(_ arms: [Arm], adapters: [String: ContentHash], into hasher: inout ContentHasher) {
    hasher.combine(arms.count)
    for arm in arms {
      hasher.combine(arm.name)
      switch arm {
      case .head: hasher.combine("head")
      case .full: hasher.combine("full")
      case .base: hasher.combine("base")
      case .adapter:
        hasher.combine("adapter")
        if let content = adapters[arm.name] { hasher.combine(content) }
      case .lora(let settings):
        hasher.combine("lora")
        combine(settings, into: &hasher)
      }
    }
  }

  private static func combine(_ settings: LoRASettings, into hasher: inout ContentHasher) {
    hasher.combine(settings.rank)
    hasher.combine(settings.alpha)
    hasher.combine(list: settings.targets)
    switch settings.layers {
    case .all: hasher.combine("all")
    case .first(let count): hasher.combine("first \(count)")
    case .last(let count): hasher.combine("last \(count)")
    case .listed(let layers): hasher.combine(list: layers.map(String.init))
    }
    hasher.combine(settings.dropout)
    hasher.combine(settings.isRankStabilized ? "rank-stabilized" : "by rank")
  }

  private static func combine(_ training: TrainingSettings, into hasher: inout ContentHasher) {
    hasher.combine(training.batch)
    hasher.combine(training.microbatch)
    hasher.combine(training.groupsByLength ? "by length" : "as drawn")
    hasher.combine(training.precision.rawValue)
    hasher.combine(training.weightDecay)
    hasher.combine(training.warmup)
    hasher.combine(training.clip ?? .infinity)
    hasher.combine(training.flipProbability)
    hasher.combine(training.recordsValidationCurve ? "validation curve" : "no validation curve")
    for group in training.oversampling {
      hasher.combine(list: ["oversampling", group.column, group.value])
      hasher.combine(group.repetitions)
    }
    for method in [training.head, training.lora, training.full] { combine(method, into: &hasher) }
  }

  private static func combine(_ method: MethodSettings, into hasher: inout ContentHasher) {
    hasher.combine(method.rate)
    hasher.combine(method.epochs)
  }

  private static func combine(_ split: SplitSettings, into hasher: inout ContentHasher) {
    switch split {
    case .column: hasher.combine("column")
    case .byFile: hasher.combine("by file")
    case .fractions(let train, let validation, let test, let seed, _):
      for share in [train, validation, test] { hasher.combine(share) }
      hasher.combine(seed)
    }
  }

  private static func combine(_ input: PlanInput, into hasher: inout ContentHasher) {
    hasher.combine(list: input.classes)
    hasher.combine(input.labels.count)
    for item in input.labels.indices {
      hasher.combine(input.labels[item])
      hasher.combine(input.clusters[item])
      hasher.combine(input.contents[item])
      hasher.combine(item < input.ownItems ? input.givenSplit?[item].rawValue ?? "" : "")
    }
    if let sequences = input.sequences {
      hasher.combine(sequences.digest)
      for numbers in sequences.numbers ?? [] { hasher.combine(numbers) }
    }
    for column in input.strata { hasher.combine(list: column) }
    for group in input.groups {
      hasher.combine(group.column)
      hasher.combine(group.value)
      hasher.combine(list: group.members.map(String.init))
    }
    for test in input.furtherTests {
      hasher.combine(list: ["test", test.name, "\(test.items.lowerBound)", "\(test.items.upperBound)"])
      for group in test.groups {
        hasher.combine(list: [group.column, group.value] + group.members.map(String.init))
      }
    }
  }
}
