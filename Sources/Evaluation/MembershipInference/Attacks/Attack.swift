/// How membership is guessed. Higher scores mean member.
///
/// The canonical text, in specifications and in JSON, is the name and those options that are not the defaults:
/// `lira`, `lira:center=median:variance=per-item`, `rmia:gamma=2`.
package enum Attack: Hashable, Sendable {
  /// `loss`: the item's own loss, with no shadow models (Yeom et al. 2018); the baseline.
  case lossThreshold
  /// `lira`: the online likelihood-ratio attack, which needs shadow models with and without every item (Carlini et al.
  /// 2022, algorithm 1).
  case likelihoodRatio(LikelihoodRatioOptions = LikelihoodRatioOptions())
  /// `lira-offline`: one-sided, from shadow models without the item alone (Carlini et al. 2022, section VI-A).
  case offlineLikelihoodRatio(LikelihoodRatioOptions = LikelihoodRatioOptions())
  /// `rmia`: the item's likelihood ratio against those of other items (Zarifzadeh et al. 2024), offline.
  case relativeMembership(RelativeMembershipOptions = RelativeMembershipOptions())
  /// `loss-trace`: the interquartile range of the item's loss over the target's epochs, with no shadow models (Pollock
  /// et al., arXiv 2411.05743).
  case lossTrace

  /// What is run where nothing else is asked for.
  package static let standard: [Attack] = [.likelihoodRatio(), .lossThreshold]

  /// Every attack's name.
  package static let names = ["loss", "lira", "lira-offline", "rmia", "loss-trace"]

  package var name: String {
    switch self {
    case .lossThreshold: "loss"
    case .likelihoodRatio: "lira"
    case .offlineLikelihoodRatio: "lira-offline"
    case .relativeMembership: "rmia"
    case .lossTrace: "loss-trace"
    }
  }

  /// Whether the attack reads shadow models.
  package var needsShadows: Bool {
    switch self {
    case .lossThreshold, .lossTrace: false
    case .likelihoodRatio, .offlineLikelihoodRatio, .relativeMembership: true
    }
  }
}

/// The choices of a likelihood-ratio attack.
package struct LikelihoodRatioOptions: Hashable, Sendable {
  /// Where an item's Gaussian lies: the paper's text uses means, its code medians.
  package enum Center: String, CaseIterable, Sendable {
    case mean, median
  }

  package enum Variance: String, CaseIterable, Sendable {
    /// Pooled below 64 shadow models, from then on each item's own (Carlini et al. 2022, section VI-B).
    case automatic = "auto"
    /// Over all items, each around its own mean.
    case pooled
    /// Each item's own.
    case perItem = "per-item"
  }

  package var center: Center
  package var variance: Variance

  package init(center: Center = .mean, variance: Variance = .automatic) {
    (self.center, self.variance) = (center, variance)
  }

  /// Whether variances are pooled with so many shadow models.
  func poolsVariance(shadows: Int) -> Bool {
    switch variance {
    case .automatic: shadows < 64
    case .pooled: true
    case .perItem: false
    }
  }
}

/// The choices of the relative membership attack.
package struct RelativeMembershipOptions: Hashable, Sendable {
  /// How several queries of an item are put together.
  package enum Queries: String, CaseIterable, Sendable {
    /// More than half of the item's queries must dominate (Zarifzadeh et al. 2024).
    case majority
    /// The mean of their ratios must.
    case mean
  }

  /// How much of the average over members and others the mean over others explains, in [0, 1].
  package var a: Double
  /// By which factor an item's ratio must exceed another's; positive.
  package var gamma: Double
  package var queries: Queries

  package init(a: Double = 0.3, gamma: Double = 1, queries: Queries = .majority) {
    (self.a, self.gamma, self.queries) = (a, gamma, queries)
  }
}

/// Written as its text.
extension Attack: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      try self.init(text: container.decode(String.self))
    } catch let error as AttackTextError {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
