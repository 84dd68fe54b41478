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
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")

/// A library of `Sources/folder`. Folders are listed from the lowest to the highest: a library sees only those above it.
func library(
  _ name: String, in folder: String, _ dependencies: [Target.Dependency], linkerSettings: [LinkerSetting] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/\(folder)/\(name)", swiftSettings: strict,
    linkerSettings: linkerSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies + ["TestSupport"], exclude: exclude, swiftSettings: strict)
}

/// One shim a C library, each with one importer.
let c: [Target] = [
  .target(
    name: "CTorch", path: "Sources/C/CTorch",
    cxxSettings: [.unsafeFlags(["-I\(libtorch)/include", "-I\(libtorch)/include/torch/csrc/api/include"])]),
  .target(
    name: "CSentencePiece", path: "Sources/C/CSentencePiece",
    linkerSettings: [.linkedLibrary("sentencepiece"), .linkedLibrary("sentencepiece_train")]),
  .target(
    name: "CImageCodecs", path: "Sources/C/CImageCodecs",
    linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png")]
  ),
  .systemLibrary(name: "CZeroMQ", path: "Sources/C/CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
  .systemLibrary(name: "CXXHash", path: "Sources/C/CXXHash", providers: [.apt(["libxxhash-dev"])]),
  .systemLibrary(name: "CSodium", path: "Sources/C/CSodium", providers: [.apt(["libsodium-dev"])]),
]

let support: [Target] = [
  .target(
    name: "Support", dependencies: ["CSodium", "CXXHash", logging], path: "Sources/Support", swiftSettings: strict)
]

let data: [Target] = [
  library("Datasets", in: "Data", ["Support", "CImageCodecs"]),
  library("Tokenizers", in: "Data", ["Support", "CSentencePiece"]),
]

let models: [Target] = [
  library("Torch", in: "Models", ["CTorch"], linkerSettings: linkTorch),
  library("Checkpoints", in: "Models", ["Support"]),
  library("Models", in: "Models", ["Checkpoints", "Torch", "Support"]),
]

let evaluation: [Target] = [
  library("Statistics", in: "Evaluation", ["Support"]),
  library("Metrics", in: "Evaluation", ["Statistics", "Support"]),
  library("MembershipInference", in: "Evaluation", ["Metrics", "Statistics", "Support"]),
  library("Report", in: "Evaluation", ["MembershipInference", "Metrics", "Statistics", "Support"]),
  library(
    "ExternalEvaluation", in: "Evaluation",
    ["Report", "MembershipInference", "Metrics", "Statistics", "Datasets", "Support"]),
]

let cluster: [Target] = [
  library("Planning", in: "Cluster", ["Support"]),
  library("Optimization", in: "Cluster", ["Planning", "Support"]),
  library("Scheduler", in: "Cluster", ["Optimization", "Planning", "Support"]),
  library("Transport", in: "Cluster", ["Planning", "Support", "CZeroMQ", protobuf]),
  library("Ledger", in: "Cluster", ["Optimization", "Support", grdb]),
  library(
    "Coordinator", in: "Cluster",
    ["Ledger", "Transport", "Scheduler", "Optimization", "Planning", "Support", protobuf]),
  library(
    "Worker", in: "Cluster",
    [
      "Transport", "Scheduler", "Optimization", "Planning", "Models", "Checkpoints", "Torch", "Datasets", "Support",
      logging, protobuf,
    ]),
]

let audit: [Target] = [
  library("Specification", in: "Audit", ["Planning", "Report", "MembershipInference", "Support", yams]),
  library(
    "Audit", in: "Audit",
    [
      "Specification", "Coordinator", "Ledger", "Transport", "Scheduler", "Optimization", "Planning",
      "ExternalEvaluation", "Report", "MembershipInference", "Metrics", "Statistics", "Checkpoints", "Tokenizers",
      "Datasets", "Support", protobuf,
    ]),
]

let tools: [Target] = [
  library("Quickstart", in: "Tools", ["Audit", "Checkpoints", "Tokenizers", "Datasets", "Support"]),
  library("Diagnostics", in: "Tools", ["Support"]),
  library(
    "Benchmarks", in: "Tools",
    [
      "Coordinator", "Worker", "Ledger", "Transport", "Scheduler", "Optimization", "Planning", "Metrics", "Statistics",
      "Models",
      "Checkpoints", "Torch", "Support", protobuf,
    ]),
  library("SimulationStudy", in: "Tools", ["MembershipInference", "Metrics", "Statistics", "Support"]),
]

let apps: [Target] = [
  .executableTarget(
    name: "tenbin",
    dependencies: [
      "Quickstart", "Diagnostics", "SimulationStudy", "Audit", "Specification", "Coordinator", "Ledger", "Transport",
      "Planning", "ExternalEvaluation", "Report", "MembershipInference", "Metrics", "Statistics", "Checkpoints",
      "Datasets",
      "Support",
      argumentParser, logging, protobuf,
    ], path: "Sources/Apps/tenbin", swiftSettings: strict),
  .executableTarget(
    name: "tenbin-worker",
    dependencies: [
      "Benchmarks", "Worker", "Transport", "Metrics", "Models", "Checkpoints", "Torch", "Tokenizers", "Datasets",
      "Support", argumentParser, logging,
    ], path: "Sources/Apps/tenbin-worker", swiftSettings: strict),
]

let testing: [Target] = [
  .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
  .target(
    name: "TransportTestSupport", dependencies: ["Transport", protobuf], path: "Tests/TransportTestSupport",
    swiftSettings: strict),
  tests("Architecture", []),
  tests("Documentation", ["Support"]),
  tests("Support", ["Support"]),
  tests("Datasets", ["Datasets", "Support"]),
  tests("Tokenizers", ["Tokenizers"]),
  tests("Torch", ["Torch", "Support"]),
  tests("Checkpoints", ["Checkpoints", "Support"]),
  tests("Models", ["Models", "Optimization", "Checkpoints", "Torch", "Support"], exclude: ["Golden"]),
  tests("Planning", ["Planning", "Support"]),
  tests("Optimization", ["Optimization", "Planning", "Support"], exclude: ["Golden"]),
  tests("Scheduler", ["Scheduler", "Optimization", "Planning", "Support"]),
  tests("Transport", ["Transport", "TransportTestSupport", "Support", protobuf]),
  tests("Ledger", ["Ledger", "Optimization", "Support", grdb]),
  tests(
    "Coordinator", ["Coordinator", "Ledger", "Transport", "Scheduler", "Optimization", "Planning", "Support", protobuf]),
  tests("Worker", ["Worker", "Transport", "Optimization", "Planning", "Support", protobuf]),
  tests("Statistics", ["Statistics", "Support"], exclude: ["Golden"]),
  tests("Metrics", ["Metrics", "Statistics", "Support"], exclude: ["Golden"]),
  tests("MembershipInference", ["MembershipInference", "Metrics", "Statistics", "Support"], exclude: ["Golden"]),
  tests("Report", ["Report", "MembershipInference", "Metrics", "Statistics", "Specification", "Support"]),
  tests(
    "ExternalEvaluation",
    ["ExternalEvaluation", "Report", "MembershipInference", "Metrics", "Statistics", "Datasets", "Support"]),
  tests("Specification", ["Specification", "MembershipInference", "Planning", "Support"]),
  tests("Audit", ["Audit", "Specification", "Ledger", "Planning", "Report", "Checkpoints", "Support"]),
  tests("Quickstart", ["Quickstart", "Audit", "Datasets", "Support"]),
  tests("Diagnostics", ["Diagnostics"]),
  tests("SimulationStudy", ["SimulationStudy", "MembershipInference", "Metrics", "Statistics", "Support"]),
  tests("Scripts", ["Datasets", "Metrics"]),
  tests(
    "EndToEnd",
    [
      "tenbin", "tenbin-worker", "Audit", "Quickstart", "Ledger", "Optimization", "Transport", "TransportTestSupport",
      "Planning",
      "Checkpoints", "Support", protobuf,
    ]),
]

let package = Package(
  name: "tenbin",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: c + support + data + models + evaluation + cluster + audit + tools + apps + testing,
  cxxLanguageStandard: .cxx20
)
