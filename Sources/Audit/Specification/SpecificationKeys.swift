/// A mapping of a specification: which keys it may hold, and what those that moved are called now.
///
/// The reader accepts what is listed here and nothing else; `docs/specification.md` describes every key.
package enum SpecificationSection: String, CaseIterable, Sendable {
  case specification = ""
  case data
  case group = "data.groups[]"
  case split = "data.split"
  case furtherTest = "data.tests[]"
  case prompt = "data.prompts[]"
  case corpus = "data.corpus"
  case arm = "arms[]"
  case lora = "arms[].lora"
  case layers = "arms[].lora.layers"
  case adapter = "arms[].adapter"
  case training
  /// The same keys for `head`, `lora` and `full`.
  case method = "training.METHOD"
  case oversampling = "training.oversample[]"
  case search
  case searchMethod = "search.METHOD"
  case privacy
  /// The same keys for every arm that is trained, by its name.
  case privacyOfArm = "privacy.by_arm.ARM"
  case earlyStopping = "privacy.early_stopping"
  case decision
  case policy
  case rule = "policy.rules[]"
  case report
  case cluster

  package var keys: [String] {
    switch self {
    case .specification:
      [
        "name", "base", "task", "data", "arms", "training", "seeds", "search", "privacy", "decision", "policy",
        "report",
        "cluster",
      ]
    case .data:
      [
        "manifest", "faces", "path", "text", "name", "tokens", "label", "classes", "positive", "source", "target",
        "references", "prompt", "max_new_tokens", "stereotype", "gold", "form", "prompts", "corpus", "groups",
        "cluster",
        "split", "tests",
      ]
    case .group: ["name", "tags", "combine"]
    case .split: ["column", "train", "validation", "test", "seed", "stratify"]
    case .furtherTest: ["name", "manifest", "path", "text", "id", "label", "labels", "groups", "cluster"]
    case .prompt: ["name", "template", "labels", "scoring", "pmi"]
    case .corpus: ["manifest", "text", "tokens"]
    case .arm: ["lora", "adapter"]
    case .lora: ["rank", "alpha", "targets", "layers", "dropout", "rank_stabilized", "name"]
    case .layers: ["first", "last"]
    case .adapter: ["path", "name"]
    case .training:
      [
        "epochs", "batch", "microbatch", "precision", "weight_decay", "warmup", "clip", "flip", "group_by_length",
        "oversample", "validation_curve", "head", "lora", "full",
      ]
    case .method: ["rate", "epochs"]
    case .oversampling: ["group", "repeat"]
    case .search: ["rates", "epochs", "seeds", "head", "lora", "full"]
    case .searchMethod: ["rates", "epochs"]
    case .privacy:
      [
        "attacks", "models", "pool", "design", "shadow_items", "packed", "queries", "by_arm", "early_stopping",
      ]
    case .privacyOfArm: ["attacks", "models"]
    case .earlyStopping: ["analyses", "half_width", "limit", "alpha", "spending", "groups"]
    case .decision: ["metric", "margin", "min_group", "min_clusters"]
    case .policy: ["owner", "deadline", "min_group", "min_clusters", "arms", "rules"]
    case .rule: ["metric", "group", "at_least", "at_most", "margin"]
    case .report: ["samples"]
    case .cluster: ["workers", "threads", "duplicates", "slices_from", "activation_cache"]
    }
  }

  /// The new names of keys of former versions.
  package var movedKeys: [String: String] {
    switch self {
    case .data: ["wordings": "prompts", "generated": "max_new_tokens"]
    case .training: ["base": "head", "composition": "group_by_length: true", "emphasis": "oversample"]
    case .search: ["base": "head"]
    case .privacy: ["early": "early_stopping"]
    case .earlyStopping: ["looks": "analyses"]
    case .cluster: ["state_cache": "activation_cache"]
    default: [:]
    }
  }

  /// Every key by its path, for example `data.split.train`.
  package static var paths: [String] {
    allCases.flatMap { section in section.keys.map { section == .specification ? $0 : "\(section.rawValue).\($0)" } }
  }
}
