internal import MembershipInference
internal import Report
import Support

extension Plan {
  /// Covers everything that changes results and nothing that does not: not the workers, not where files lie.
  static func hash(of specification: Specification, input: PlanInput, stage: Stage) -> ContentHash {
    var hasher = ContentHasher()
    hasher.combine("tenbin plan \(version)")
    hasher.combine(specification.name)
    hasher.combine(specification.task.rawValue)
    hasher.combine(input.base)
    hasher.combine(RunSchedule.evaluationBlock)
    hasher.combine(specification.cluster.threads)
    combine(specification.arms, adapters: input.adapters, into: &hasher)
    combine(specification.training, into: &hasher)
    combine(list: specification.seeds.map(String.init), into: &hasher)
    if let privacy = specification.privacy {
      for arm in specification.arms where arm.isTrained {
        hasher.combine(privacy.models(of: arm))
        combine(list: privacy.attacks(of: arm.name).map(\.text), into: &hasher)
      }
      hasher.combine(privacy.pool)
      switch privacy.design {
      case .symmetric: hasher.combine("symmetric")
      case .released(let shadowItems):
        hasher.combine("released")
        hasher.combine(shadowItems ?? 0)
      }
      hasher.combine(privacy.packed)
      hasher.combine(privacy.queries)
      if let early = privacy.early { combine(early, into: &hasher) }
    }
    hasher.combine(specification.decision.metric.rawValue)
    hasher.combine(specification.decision.margin)
    hasher.combine(specification.decision.minimumGroup)
    if let policy = specification.policy { combine(policy, into: &hasher) }
    if let search = specification.search {
      hasher.combine(stage == .search ? "search" : "after search")
      combine(list: search.seeds.map(String.init), into: &hasher)
      for arm in specification.arms {
        for candidate in search.candidates(of: arm) { combine(candidate, into: &hasher) }
        if let chosen = specification.training.chosen[arm.name] { combine(chosen, into: &hasher) }
      }
    }
    combine(specification.data, into: &hasher)
    combine(input, into: &hasher)
    return hasher.finish()
  }

  private static func combine(_ early: EarlyAnswerSettings, into hasher: inout ContentHasher) {
    combine(list: ["early", early.spending.rawValue] + early.looks.map(String.init), into: &hasher)
    hasher.combine(early.alpha)
    switch early.goal {
    case .halfWidth(let width): combine(width, "half width", into: &hasher)
    case .limit(let limit): combine(limit, "limit", into: &hasher)
    }
    hasher.combine(early.includesGroups ? "groups" : "all items")
  }

  private static func combine(_ policy: Policy, into hasher: inout ContentHasher) {
    hasher.combine("policy")
    combine(list: [policy.owner ?? "", policy.deadline ?? ""], into: &hasher)
    hasher.combine(policy.minimumSize)
    combine(list: policy.arms ?? ["every arm that is compared"], into: &hasher)
    for rule in policy.rules {
      combine(list: [rule.metric.rawValue, rule.groups.text], into: &hasher)
      switch rule.demand {
      case .atLeast(let limit): combine(limit, "at least", into: &hasher)
      case .atMost(let limit): combine(limit, "at most", into: &hasher)
      case .margin(let margin): combine(margin, "margin", into: &hasher)
      }
    }
  }

  private static func combine(_ limit: Double, _ demand: String, into hasher: inout ContentHasher) {
    hasher.combine(demand)
    hasher.combine(limit)
  }

  private static func combine(_ arms: [Arm], adapters: [String: ContentHash], into hasher: inout ContentHasher) {
    hasher.combine(arms.count)
    for arm in arms {
      hasher.combine(arm.name)
      switch arm {
      case .base: hasher.combine("base")
      case .full: hasher.combine("full")
      case .untouched: hasher.combine("untouched")
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
    combine(list: settings.targets, into: &hasher)
    switch settings.layers {
    case .all: hasher.combine("all")
    case .first(let count): hasher.combine("first \(count)")
    case .last(let count): hasher.combine("last \(count)")
    case .listed(let layers): combine(list: layers.map(String.init), into: &hasher)
    }
    hasher.combine(settings.dropout)
    hasher.combine(settings.isRankStabilized ? "rank-stabilized" : "by rank")
  }

  private static func combine(_ training: TrainingSettings, into hasher: inout ContentHasher) {
    hasher.combine(training.batch)
    hasher.combine(training.microbatch)
    hasher.combine(training.composition.rawValue)
    hasher.combine(training.precision.rawValue)
    hasher.combine(training.weightDecay)
    hasher.combine(training.warmup)
    hasher.combine(training.clip ?? .infinity)
    hasher.combine(training.mirroredShare)
    for emphasis in training.emphasis {
      combine(list: ["emphasis", emphasis.column, emphasis.value], into: &hasher)
      hasher.combine(emphasis.repetitions)
    }
    for method in [training.base, training.lora, training.full] { combine(method, into: &hasher) }
  }

  private static func combine(_ method: MethodSettings, into hasher: inout ContentHasher) {
    hasher.combine(method.rate)
    hasher.combine(method.epochs)
  }

  private static func combine(_ data: DataSettings, into hasher: inout ContentHasher) {
    hasher.combine(data.label ?? "")
    if let choices = data.choices {
      combine(list: ["choices", choices.form.rawValue], into: &hasher)
      for wording in choices.wordings {
        combine(
          list: [
            wording.name, wording.template ?? "", wording.labels.rawValue, wording.scoring.rawValue,
            wording.subtractsBlank ? "pmi" : "",
          ], into: &hasher)
      }
    }
    if let corpus = data.corpus {
      combine(list: ["corpus", corpus.text], into: &hasher)
      hasher.combine(corpus.tokens)
    }
    if let translation = data.translation {
      combine(list: ["translation", translation.prompt] + translation.references, into: &hasher)
      hasher.combine(translation.generated)
    }
    hasher.combine(data.positive ?? "")
    switch data.split {
    case .column: hasher.combine("column")
    case .byFile: hasher.combine("by file")
    case .fractions(let train, let validation, let test, let seed, _):
      for share in [train, validation, test] { hasher.combine(share) }
      hasher.combine(seed)
    }
  }

  private static func combine(_ input: PlanInput, into hasher: inout ContentHasher) {
    combine(list: input.classes, into: &hasher)
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
    for column in input.strata { combine(list: column, into: &hasher) }
    for group in input.groups {
      hasher.combine(group.column)
      hasher.combine(group.value)
      combine(list: group.members.map(String.init), into: &hasher)
    }
    for test in input.furtherTests {
      combine(list: ["test", test.name, "\(test.items.lowerBound)", "\(test.items.upperBound)"], into: &hasher)
      for group in test.groups {
        combine(list: [group.column, group.value] + group.members.map(String.init), into: &hasher)
      }
    }
  }

  private static func combine(list: [String], into hasher: inout ContentHasher) {
    hasher.combine(list.count)
    for text in list { hasher.combine(text) }
  }
}
