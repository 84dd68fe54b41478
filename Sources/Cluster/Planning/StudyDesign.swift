package import Support

/// The input of a plan in addition to the data: arms, training, seeds, splits and shadow models, as plain values.
///
/// It knows nothing of the file that it was read from, nor of what is computed from the predictions: metrics, attacks,
/// decision rules and policies reach the plan's hash through `digest` alone.
package struct StudyDesign: Sendable, Equatable {
  package var arms: [Arm]
  package var training: TrainingSettings
  package var seeds: [Int]
  package var split: SplitSettings
  /// The hyperparameter search of each arm before the audit; nil if rates and epochs are fixed.
  package var search: SearchSettings?
  /// nil if membership inference is not measured.
  package var shadowModels: ShadowModelSettings?
  /// The most tokens that are generated for an item of a task run; 0 if nothing is generated.
  package var maxNewTokens: Int
  /// Threads a worker; part of the plan because the last bits of a matrix product depend on it.
  package var threads: Int
  /// Covers everything else that changes results: the task, columns, prompts, attacks, the decision rule and the
  /// policy.
  package var digest: ContentHash

  package init(
    arms: [Arm], training: TrainingSettings, seeds: [Int], split: SplitSettings, search: SearchSettings? = nil,
    shadowModels: ShadowModelSettings? = nil, maxNewTokens: Int = 0, threads: Int = 1, digest: ContentHash
  ) {
    self.arms = arms
    self.training = training
    self.seeds = seeds
    self.split = split
    self.search = search
    self.shadowModels = shadowModels
    self.maxNewTokens = maxNewTokens
    self.threads = threads
    self.digest = digest
  }

  /// The seed of everything that is drawn once for the whole study.
  var firstSeed: Int { seeds.first ?? 0 }
}

/// A way of adapting the base.
package enum Arm: Hashable, Sendable {
  /// A new head on the frozen base: a linear probe.
  case head
  case lora(LoRASettings)
  /// All weights.
  case full
  /// The base as it is, of a task that needs no new head.
  case base
  /// An external adapter, evaluated as it is.
  case adapter(AdapterSettings)

  /// The name in reports, folders and results.
  package var name: String {
    switch self {
    case .head: "head"
    case .lora(let settings): settings.name
    case .full: "full"
    case .base: "base"
    case .adapter(let settings): settings.name
    }
  }

  /// Whether the audit trains it, and so has seeds and shadow models for it.
  package var isTrained: Bool {
    switch self {
    case .adapter, .base: false
    case .head, .lora, .full: true
    }
  }
}

/// An external PEFT folder.
package struct AdapterSettings: Hashable, Sendable {
  /// The folder, relative to the specification's own.
  package var path: String
  package var name: String

  package init(path: String, name: String) {
    self.path = path
    self.name = name
  }
}

/// The shape of a low-rank adaptation (Hu et al. 2021).
package struct LoRASettings: Hashable, Sendable {
  package var rank: Int
  /// The update is scaled by `alpha / rank`, or by `alpha / √rank` where it is rank-stabilized.
  package var alpha = 16.0
  /// Linear layers by name.
  package var targets = ["query", "value"]
  package var layers = Layers.all
  /// The share of the inputs of A that training drops, in [0, 1).
  package var dropout = 0.0
  /// Scaled after Kalajdzievski 2023.
  package var isRankStabilized = false
  package var name: String

  /// With the settings of the original paper, and named after its rank.
  package init(rank: Int) {
    self.rank = rank
    name = "lora-r\(rank)"
  }

  /// The transformer blocks that are adapted.
  package enum Layers: Hashable, Sendable {
    case all
    case first(Int)
    case last(Int)
    case listed([Int])
  }
}

/// How every run is trained.
package struct TrainingSettings: Sendable, Equatable {
  /// Samples a step.
  package var batch = 32
  /// Samples a unit of work; `batch` is cut into these.
  package var microbatch = 8
  /// Whether a step's micro-batches hold items of similar length, so that little is padded, rather than items as drawn.
  package var groupsByLength = false
  package var precision = Precision.float32
  package var weightDecay = 0.001
  /// The share of steps over which the rate climbs to its peak.
  package var warmup = 0.01
  /// The largest norm of a gradient; nil for none.
  package var clip: Double?
  /// The probability that a training image is mirrored, left and right, drawn anew for each epoch and image; 0 for
  /// never.
  package var flipProbability = 0.0
  package var head: MethodSettings
  package var lora: MethodSettings
  package var full: MethodSettings
  /// Groups whose training items count several times.
  package var oversampling: [Oversampling] = []
  /// Whether the loss of the validation items is measured at every tenth of a task run's steps.
  package var recordsValidationCurve = true
  /// The choices of a search, by the arm's name.
  package var chosen: [String: MethodSettings] = [:]

  /// Every method for the same number of epochs, each at its usual rate.
  ///
  /// - Parameter epochs: 0 where nothing is trained.
  package init(epochs: Int) {
    head = MethodSettings(rate: 1e-3, epochs: epochs)
    lora = MethodSettings(rate: 1e-3, epochs: epochs)
    full = MethodSettings(rate: 1e-4, epochs: epochs)
  }

  /// The precision of models; trained parameters, gradients and their sums are always 32-bit floats.
  package enum Precision: String, Sendable, CaseIterable {
    case float32 = "fp32"
    case bfloat16 = "bf16"
  }

  /// The settings of the method that `arm` adapts by; nil for one that is not trained.
  package func method(of arm: Arm) -> MethodSettings? {
    switch arm {
    case .head: chosen[arm.name] ?? head
    case .lora: chosen[arm.name] ?? lora
    case .full: chosen[arm.name] ?? full
    case .adapter, .base: nil
    }
  }
}

/// The settings that may differ between methods.
package struct MethodSettings: Sendable, Equatable {
  /// The peak of the learning rate.
  package var rate: Double
  package var epochs: Int

  package init(rate: Double, epochs: Int) {
    self.rate = rate
    self.epochs = epochs
  }
}

/// A group whose items every epoch of training sees several times: more weight for it, in whole numbers.
package struct Oversampling: Sendable, Equatable {
  package var column: String
  package var value: String
  /// How often an epoch sees each item of the group; for an item of several such groups the largest number counts.
  package var repetitions: Int

  package init(column: String, value: String, repetitions: Int) {
    (self.column, self.value, self.repetitions) = (column, value, repetitions)
  }
}

/// A grid that is tried for every arm, on seeds of its own, and judged on the validation items.
package struct SearchSettings: Sendable, Equatable {
  /// The candidates of each method, in the order in which ties are decided.
  package var head: [MethodSettings]
  package var lora: [MethodSettings]
  package var full: [MethodSettings]
  package var seeds: [Int]

  package init(head: [MethodSettings], lora: [MethodSettings], full: [MethodSettings], seeds: [Int]) {
    (self.head, self.lora, self.full, self.seeds) = (head, lora, full, seeds)
  }

  /// Empty for an arm that is not trained.
  package func candidates(of arm: Arm) -> [MethodSettings] {
    switch arm {
    case .head: head
    case .lora: lora
    case .full: full
    case .adapter, .base: []
    }
  }
}

/// How items are divided into training, validation and test.
package enum SplitSettings: Sendable, Equatable {
  /// Fractions that sum to one, drawn with `seed`, alike in every combination of the `stratify` columns.
  case fractions(train: Double, validation: Double, test: Double, seed: Int, stratify: [String])
  /// A column that says `train`, `validation` or `test`.
  case column(String)
  /// Training and test items are in separate files.
  case byFile
}

/// Which shadow models are trained for membership inference, and on what.
package struct ShadowModelSettings: Sendable, Equatable {
  /// Models of an arm that is not in `modelsByArm`; even, because they come in complementary pairs.
  package var models: Int
  /// Models of single arms, by the arm's name.
  package var modelsByArm: [String: Int] = [:]
  /// Items that are attacked: of the symmetric design, those that shadow models are trained on, taken from the training
  /// split; of a released model half of them members, and half from the test split.
  package var pool: Int
  package var design = Design.symmetric
  /// How many models of an arm that trains few weights are computed at once; part of the plan because a matrix
  /// product's last bits depend on its rows.
  package var packed = 1
  /// How often every image is shown to an attacked model, once as it is, or a second time mirrored.
  package var queries = 1
  /// The numbers of models after which an interim analysis may end an arm's training, ascending; empty for none.
  package var analyses: [Int] = []
  /// The arms whose shadow models are evaluated after every epoch, by name.
  package var tracedArms: Set<String> = []

  package init(models: Int, pool: Int) {
    (self.models, self.pool) = (models, pool)
  }

  /// Who attacks whom.
  package enum Design: Sendable, Equatable {
    /// Every shadow model of an arm is attacked once by the others.
    case symmetric
    /// The model of the first seed is attacked by shadow models that never saw the audited items, trained on
    /// `shadowItems` items, or if nil on the same number as the released model.
    case released(shadowItems: Int?)
  }

  /// Shadow models of an arm: the first ones of the most that any arm has.
  package func models(of arm: Arm) -> Int { modelsByArm[arm.name] ?? models }

  /// The numbers of models at which an arm's attack is evaluated, ascending; the last is all of them.
  package func analyses(of arm: Arm) -> [Int] { analyses + [models(of: arm)] }

  /// The most models that an arm has.
  package var mostModels: Int { max(models, modelsByArm.values.max() ?? 0) }
}
