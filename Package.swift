// swift-tools-version: 6.2
import PackageDescription

/// Where `scripts/setup` put libtorch, or where `TENBIN_LIBTORCH` says it is.
let libtorch = Context.environment["TENBIN_LIBTORCH"] ?? Context.packageDirectory + "/.libtorch"

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let linkTorch: [LinkerSetting] = [
  .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib", "-Xlinker", "--no-as-needed"]
  ),
  .linkedLibrary("torch"), .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")

let package = Package(
  name: "tenbin",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .executableTarget(
      name: "tenbin",
      dependencies: [
        "Coordinator", "Reducer", "Signals", "Evaluation", "Attacks", "Privacy", "Monitoring", "PlantedTruths",
        "Remedies", "Gate", "Plan",
        "Report",
        "Fairness", "Datasets",
        "Quickstart", "Doctor", "Forecast", "Checkpoints", "Ledger", "Hashing", "Wire", "Wording",
        argumentParser,
        protobuf,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "tenbin-worker",
      dependencies: [
        "Worker", "Prediction", "Benchmarks", "Signals", "Wire", "Models", "Tokenizers", "Checkpoints", "Torch",
        argumentParser,
      ], swiftSettings: strict),

    .target(
      name: "Quickstart",
      dependencies: ["Coordinator", "Faces", "Reviews", "Tokenizers", "Checkpoints", "Datasets", "RandomNumbers"],
      swiftSettings: strict),
    .target(
      name: "Coordinator",
      dependencies: [
        "Conductor", "Content", "Report", "Gate", "Privacy", "Fairness", "Ledger", "Wire", "Cluster", "Training",
        "Optimization",
        "Plan", "Sequences", "TranslationQuality", "AnswerChoice", "Tokenizers", "Datasets", "Checkpoints", "Forecast",
        "Hashing",
        "RandomNumbers", "Wording",
        protobuf,
      ], swiftSettings: strict),
    .target(
      name: "Conductor",
      dependencies: [
        "Content", "Ledger", "Wire", "SharedMemory", "Cluster", "Training", "Optimization", "Plan", "Hashing",
        "RandomNumbers", protobuf,
      ], swiftSettings: strict),
    .target(
      name: "Reducer", dependencies: ["Wire", "Optimization", "Hashing", protobuf], swiftSettings: strict),
    .target(
      name: "Worker",
      dependencies: [
        "Content", "Wire", "Signals", "SharedMemory", "Cluster", "Training", "Optimization", "Plan", "Datasets",
        "Models",
        "Checkpoints", "Torch", "Hashing", "RandomNumbers", protobuf,
      ],
      swiftSettings: strict),
    .target(
      name: "Prediction", dependencies: ["Models", "Tokenizers", "Datasets", "Checkpoints", "Safetensors", "Torch"],
      swiftSettings: strict),
    .target(
      name: "Benchmarks",
      dependencies: [
        "Conductor", "Worker", "Cluster", "Training", "Ledger", "Wire", "Models", "Optimization", "Plan", "Checkpoints",
        "Fairness", "Torch", "Hashing", "RandomNumbers", protobuf,
      ],
      swiftSettings: strict),
    .target(
      name: "Evaluation", dependencies: ["Report", "Fairness", "Datasets", "Hashing", "RandomNumbers"],
      swiftSettings: strict),
    .target(
      name: "Attacks",
      dependencies: ["Evaluation", "Report", "Privacy", "Fairness", "Datasets", "Hashing", "RandomNumbers"],
      swiftSettings: strict),
    .target(
      name: "Monitoring", dependencies: ["Evaluation", "Report", "Fairness", "Gate", "Datasets", "RandomNumbers"],
      swiftSettings: strict),
    .target(
      name: "Remedies",
      dependencies: [
        "Coordinator", "Evaluation", "Report", "Fairness", "Datasets", "Ledger", "Hashing", "Plan", "Checkpoints",
        "Wording",
      ],
      swiftSettings: strict),
    .target(name: "PlantedTruths", dependencies: ["Fairness", "RandomNumbers"], swiftSettings: strict),
    .target(name: "Doctor", dependencies: ["Wording"], swiftSettings: strict),
    .target(name: "Forecast", dependencies: ["Wording"], swiftSettings: strict),
    .target(
      name: "Report", dependencies: ["TranslationQuality", "AnswerChoice", "Privacy", "Fairness", "Gate"],
      swiftSettings: strict),
    .target(name: "Privacy", dependencies: ["Fairness", "RandomNumbers"], swiftSettings: strict),
    .target(name: "AnswerChoice", dependencies: ["Fairness", "JSON", "RandomNumbers"], swiftSettings: strict),
    .target(name: "TranslationQuality", dependencies: ["Fairness", "RandomNumbers"], swiftSettings: strict),
    .target(name: "Fairness", dependencies: ["RandomNumbers"], swiftSettings: strict),
    .target(name: "Ledger", dependencies: ["Training", "Optimization", "Hashing", grdb], swiftSettings: strict),
    .target(
      name: "Wire", dependencies: ["Training", "Optimization", "Plan", "RandomNumbers", "CZeroMQ", protobuf],
      swiftSettings: strict),
    .target(
      name: "Cluster", dependencies: ["Training", "Optimization", "Plan", "Hashing", "RandomNumbers"],
      swiftSettings: strict),
    .target(name: "Content", dependencies: ["Hashing"], swiftSettings: strict),
    .target(name: "SharedMemory", dependencies: ["Optimization"], swiftSettings: strict),
    .target(name: "Training", dependencies: ["Optimization", "Plan", "Hashing"], swiftSettings: strict),
    .target(name: "Optimization", dependencies: ["Hashing"], swiftSettings: strict),
    .target(name: "Gate", swiftSettings: strict),
    .target(name: "Plan", dependencies: ["Gate", "Privacy", "Hashing", "RandomNumbers", yams], swiftSettings: strict),
    .target(name: "Sequences", dependencies: ["Tokenizers"], swiftSettings: strict),
    .target(name: "Tokenizers", dependencies: ["JSON", "CSentencePiece"], swiftSettings: strict),
    .target(name: "Reviews", dependencies: ["Datasets", "RandomNumbers"], swiftSettings: strict),
    .target(name: "Faces", dependencies: ["Datasets", "RandomNumbers"], swiftSettings: strict),
    .target(name: "Datasets", dependencies: ["JSON", "CImageCodecs"], swiftSettings: strict),
    .target(name: "Models", dependencies: ["Layers", "Checkpoints", "Torch", "RandomNumbers"], swiftSettings: strict),
    .target(name: "Layers", dependencies: ["Torch"], swiftSettings: strict),
    .target(
      name: "Checkpoints", dependencies: ["Safetensors", "Hashing", "RandomNumbers", "Wording"], swiftSettings: strict),
    .target(name: "Safetensors", swiftSettings: strict),
    .target(name: "Torch", dependencies: ["CTorch"], swiftSettings: strict, linkerSettings: linkTorch),
    .target(name: "JSON", swiftSettings: strict),
    .target(name: "Hashing", dependencies: ["CSodium", "CXXHash"], swiftSettings: strict),
    .target(name: "RandomNumbers", swiftSettings: strict),
    .target(name: "Wording", swiftSettings: strict),
    .target(name: "Signals", swiftSettings: strict),

    .target(
      name: "CTorch",
      cxxSettings: [.unsafeFlags(["-I\(libtorch)/include", "-I\(libtorch)/include/torch/csrc/api/include"])]),
    .target(
      name: "CSentencePiece", linkerSettings: [.linkedLibrary("sentencepiece"), .linkedLibrary("sentencepiece_train")]),
    .target(name: "CImageCodecs", linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png")]),
    .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
    .systemLibrary(name: "CXXHash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),

    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(name: "WordingTests", dependencies: ["Wording"], swiftSettings: strict),
    .testTarget(name: "RandomNumbersTests", dependencies: ["RandomNumbers"], swiftSettings: strict),
    .testTarget(name: "HashingTests", dependencies: ["Hashing"], swiftSettings: strict),
    .testTarget(
      name: "ContentTests", dependencies: ["Content", "Hashing", "RandomNumbers", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "WorkerTests", dependencies: ["Worker", "Hashing", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "PlanTests", dependencies: ["Plan", "Privacy", "Hashing", "RandomNumbers"], swiftSettings: strict),
    .testTarget(
      name: "OptimizationTests", dependencies: ["Optimization", "Hashing", "RandomNumbers"], exclude: ["Golden"],
      swiftSettings: strict),
    .testTarget(
      name: "ClusterTests",
      dependencies: ["Cluster", "Training", "Optimization", "Plan", "Hashing", "RandomNumbers"], swiftSettings: strict),
    .target(
      name: "WireTestSupport", dependencies: ["Wire", protobuf], path: "Tests/WireTestSupport", swiftSettings: strict),
    .testTarget(
      name: "WireTests", dependencies: ["Wire", protobuf, "TestSupport", "WireTestSupport"], swiftSettings: strict),
    .testTarget(
      name: "LedgerTests", dependencies: ["Ledger", "Training", "Optimization", "Hashing", "TestSupport", grdb],
      swiftSettings: strict),
    .testTarget(
      name: "SafetensorsTests", dependencies: ["Safetensors", "RandomNumbers", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "CheckpointsTests", dependencies: ["Checkpoints", "Safetensors", "RandomNumbers", "TestSupport"],
      swiftSettings: strict),
    .testTarget(name: "TokenizersTests", dependencies: ["Tokenizers"], swiftSettings: strict),
    .testTarget(name: "TorchTests", dependencies: ["Torch", "RandomNumbers"], swiftSettings: strict),
    .testTarget(
      name: "ModelsTests",
      dependencies: [
        "Models", "Optimization", "Checkpoints", "Safetensors", "Torch", "RandomNumbers", "TestSupport",
      ],
      exclude: ["Golden"],
      swiftSettings: strict),
    .testTarget(
      name: "DatasetsTests", dependencies: ["Datasets", "RandomNumbers", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "PrepareScriptsTests", dependencies: ["AnswerChoice", "Datasets", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "FacesTests", dependencies: ["Faces", "Datasets", "RandomNumbers", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "ReviewsTests", dependencies: ["Reviews", "Datasets", "RandomNumbers", "TestSupport"],
      swiftSettings: strict),
    .testTarget(name: "DoctorTests", dependencies: ["Doctor", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "ForecastTests", dependencies: ["Forecast"], swiftSettings: strict),
    .testTarget(name: "GateTests", dependencies: ["Gate", "Plan"], swiftSettings: strict),
    .testTarget(
      name: "EvaluationTests", dependencies: ["Evaluation", "Report", "Fairness", "Gate", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "AttacksTests",
      dependencies: ["Attacks", "Evaluation", "Privacy", "Report", "Fairness", "RandomNumbers", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "MonitoringTests",
      dependencies: [
        "Monitoring", "Evaluation", "Report", "Fairness", "Gate", "Datasets", "RandomNumbers", "TestSupport",
      ], swiftSettings: strict),
    .testTarget(
      name: "RemediesTests",
      dependencies: [
        "Remedies", "Evaluation", "Report", "Fairness", "Ledger", "Plan", "Hashing", "Checkpoints", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "PlantedTruthsTests", dependencies: ["PlantedTruths", "Fairness", "RandomNumbers"], swiftSettings: strict),
    .testTarget(
      name: "FairnessTests", dependencies: ["Fairness", "RandomNumbers"], exclude: ["Golden"], swiftSettings: strict),
    .testTarget(
      name: "PrivacyTests", dependencies: ["Privacy", "Fairness", "RandomNumbers"], exclude: ["Golden"],
      swiftSettings: strict),
    .testTarget(
      name: "TranslationQualityTests",
      dependencies: ["TranslationQuality", "Fairness", "RandomNumbers", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "AnswerChoiceTests", dependencies: ["AnswerChoice", "Fairness", "RandomNumbers", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ReportTests", dependencies: ["Report", "Fairness", "Gate", "Privacy", "RandomNumbers"],
      swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "tenbin", "tenbin-worker", "Coordinator", "Ledger", "Plan", "Checkpoints", "Hashing", "Faces", "Safetensors",
        "Wire", "WireTestSupport", "RandomNumbers", "TestSupport", protobuf,
      ],
      swiftSettings: strict),
  ],
  cxxLanguageStandard: .cxx20
)
