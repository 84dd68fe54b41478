import Metrics

extension GapRate {
  /// The name in files.
  var factName: String {
    switch self {
    case .selectionRate: "selection_rate"
    case .truePositiveRate: "true_positive_rate"
    case .falsePositiveRate: "false_positive_rate"
    }
  }
}

extension ComparisonInterval {
  var factName: String {
    switch self {
    case .clusterBootstrap: "cluster_bootstrap"
    case .discordanceBound: "discordance_bound"
    case .oneCluster: "one_cluster"
    }
  }
}

extension ComparisonTest {
  var factName: String {
    switch self {
    case .exactMcNemar: "exact_mcnemar"
    case .exactSignFlip: "exact_sign_flip"
    case .normalSignFlip: "normal_sign_flip"
    case .none: "none"
    }
  }
}

extension Verdict {
  var factName: String {
    switch self {
    case .withinMargin: "within_margin"
    case .differenceConfirmed: "difference_confirmed"
    case .notEnoughData: "not_enough_data"
    }
  }
}

extension InsufficientData {
  var factName: String {
    switch self {
    case .belowMinimumSize: "below_minimum_size"
    case .oneCluster: "one_cluster"
    case .intervalTooWide: "interval_too_wide"
    }
  }
}
