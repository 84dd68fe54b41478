internal import MembershipInference
package import Planning
internal import Report
internal import Support

extension Plan {
  /// The plan of what `specification` asks for, of the data in `input`.
  ///
  /// - Throws: `SpecificationError` with the line and the key of what the data do not suffice for.
  package init(
    specification: Specification, input: PlanInput, stage: Stage = .audit
  ) throws(SpecificationError) {
    try specification.requireKnownGroups(input)
    do throws(PlanError) {
      try self.init(design: specification.design, input: input, stage: stage)
    } catch {
      throw specification.locations.failure(at: error.key, error.problem)
    }
  }
}

extension Specification {
  /// The input of a plan.
  package var design: StudyDesign {
    StudyDesign(
      arms: arms, training: training, seeds: seeds, split: data.split, search: search,
      shadowModels: privacy?.shadowModels, maxNewTokens: data.translation?.maxNewTokens ?? 0, threads: cluster.threads,
      digest: digest)
  }

  /// Covers what changes results and is not planned: not where files lie, nor who answers for a policy and by when.
  private var digest: ContentHash {
    var hasher = ContentHasher()
    hasher.combine(name)
    hasher.combine(task.rawValue)
    Self.combine(data, into: &hasher)
    if let privacy { combine(privacy, into: &hasher) }
    hasher.combine(decision.metric.rawValue)
    hasher.combine(decision.margin)
    hasher.combine(decision.minimumGroup)
    hasher.combine(decision.minimumClusters)
    if let policy { Self.combine(policy, into: &hasher) }
    return hasher.finish()
  }

  private static func combine(_ data: DataSettings, into hasher: inout ContentHasher) {
    hasher.combine(data.label ?? "")
    hasher.combine(data.positive ?? "")
    if let choices = data.choices {
      hasher.combine(list: ["choices", choices.form.rawValue])
      for prompt in choices.prompts {
        hasher.combine(list: [
          prompt.name, prompt.template ?? "", prompt.labels.rawValue, prompt.scoring.rawValue,
          prompt.subtractsBlank ? "pmi" : "",
        ])
      }
    }
    if let corpus = data.corpus {
      hasher.combine(list: ["corpus", corpus.text])
      hasher.combine(corpus.tokens)
    }
    if let translation = data.translation {
      hasher.combine(list: ["translation", translation.prompt] + translation.references)
    }
  }

  private func combine(_ privacy: PrivacySettings, into hasher: inout ContentHasher) {
    for arm in arms where arm.isTrained { hasher.combine(list: privacy.attacks(of: arm.name).map(\.text)) }
    guard let early = privacy.earlyStopping else { return }
    hasher.combine(list: ["early", early.spending.rawValue, early.includesGroups ? "groups" : "all items"])
    hasher.combine(early.alpha)
    switch early.goal {
    case .halfWidth(let width): Self.combine(width, "half width", into: &hasher)
    case .limit(let limit): Self.combine(limit, "limit", into: &hasher)
    }
  }

  private static func combine(_ policy: Policy, into hasher: inout ContentHasher) {
    hasher.combine("policy")
    hasher.combine(policy.minimumSize)
    hasher.combine(policy.minimumClusters)
    hasher.combine(list: policy.arms ?? ["every arm that is compared"])
    for rule in policy.rules {
      hasher.combine(list: [rule.metric.rawValue, rule.groups.text])
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
}
