import ArgumentParser
import Benchmarks
import Checkpoints
import Foundation
import Torch

/// Benchmarks, to be compared with a peer's in the same session.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure speeds.",
    subcommands: [
      Step.self, ShadowModels.self, Coordination.self, Reduce.self, Metrics.self, Generate.self,
      StepWorkerCommand.self,
      ShadowModelsWorkerCommand.self, NullWorkerCommand.self,
    ])

  struct Options: ParsableArguments {
    @Option(help: "vit-base, vit-tiny, swinv2-tiny, swinv2-large, llama-160m, mistral-160m, or a checkpoint folder.")
    var arch: String = "vit-base"

    @Option(help: "lora, full or head.")
    var method: String = "lora"

    @Option(help: "The rank of LoRA, on queries and values.")
    var rank: Int = 16

    @Option(help: "Samples per step and process.")
    var batch: Int = 8

    @Option(help: "Tokens per text.")
    var length: Int = 128

    @Option(help: "Steps to measure.")
    var steps: Int = 7

    @Option(help: "Warm-up steps, which are not measured.")
    var warmup: Int = 2

    @OptionGroup var computation: ComputationOptions

    func validate() throws {
      try requirePositive([("batch", batch), ("length", length), ("steps", steps), ("rank", rank)], upTo: 1_000_000)
      if !(0...1_000_000).contains(warmup) { throw ValidationError("--warmup must be from 0 to 1000000") }
      if !["lora", "full", "head"].contains(method) { throw ValidationError("--method must be lora, full or head") }
    }

    func settings() throws -> StepSettings {
      let method: AdaptationMethod =
        switch method {
        case "full": .full
        case "head": .head
        default: .lora(LoRAConfiguration(rank: rank, alpha: 16, targets: ["query", "value"]))
        }
      return StepSettings(
        model: arch, method: method, precision: computation.dtype, device: try Device(named: computation.device),
        batch: batch, length: length, threads: computation.threads ?? 1, steps: steps, warmup: warmup)
    }

    /// The arguments that give another process the same settings except for the model.
    var arguments: [String] {
      [
        "--method", method, "--rank", "\(rank)", "--batch", "\(batch)", "--length", "\(length)", "--dtype",
        computation.dtype.rawValue, "--device", computation.device, "--threads", "\(computation.threads ?? 1)",
      ]
    }
  }

  struct Step: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Time training steps on random inputs; prints one line of JSON.")

    @Option(
      help: "Worker processes of a coordinator, each with its own batch; default: this process alone.")
    var workers: Int?

    @OptionGroup var options: Options

    func validate() throws {
      if let workers, !(1...64).contains(workers) { throw ValidationError("--workers must be from 1 to 64") }
    }

    func run() throws {
      try reportingErrors {
        let settings = try options.settings()
        let measurement =
          if let workers {
            try StepBenchmark.run(
              settings, workers: workers, command: [BenchCommand.program(), "bench", "step-worker"],
              arguments: options.arguments)
          } else {
            try StepBenchmark.run(settings)
          }
        print(try measurement.jsonLine)
      }
    }
  }

  /// One worker of `bench step`.
  struct StepWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "step-worker", shouldDisplay: false)

    @Option var connect: String
    @Option var index: Int
    @OptionGroup var options: Options

    func run() throws {
      try reportingErrors { try StepBenchmark.serveWorker(try options.settings(), address: connect, index: index) }
    }
  }

  struct Coordination: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Time how fast a coordinator commits steps of workers that only sleep; prints one line of JSON.")

    @Option(help: "Number of workers.")
    var workers: Int = 2

    @Option(help: "Number of runs; with fewer runs than workers, workers share a run.")
    var runs: Int = 1

    @Option(help: "Trained parameters of each run.")
    var parameters: Int = 600_000

    @Option(help: "Micro-batches per step.")
    var microbatches: Int = 8

    @Option(help: "Steps of each run.")
    var steps: Int = 2_000

    @Option(help: "Milliseconds that a worker sleeps per micro-batch.")
    var milliseconds: Double = 0

    @Flag(help: "Run workers as threads of this process.")
    var threads = false

    @Flag(inversion: .prefixedNo, help: "Share memory between workers and coordinator.")
    var sharedMemory = true

    func validate() throws {
      try requirePositive(
        [
          ("workers", workers), ("runs", runs), ("parameters", parameters), ("microbatches", microbatches),
          ("steps", steps),
        ], upTo: 100_000_000)
      if !(milliseconds >= 0 && milliseconds <= 60_000) {
        throw ValidationError("--milliseconds must be from 0 to 60000")
      }
    }

    func run() throws {
      try reportingErrors {
        let measurement = try CoordinationBenchmark.run(
          .init(
            workers: workers, runs: runs, parameters: parameters, microBatches: microbatches, steps: steps,
            milliseconds: milliseconds, sharesMemory: sharedMemory, areThreads: threads),
          command: [BenchCommand.program(), "bench", "null-worker"])
        print(try measurement.jsonLine)
      }
    }
  }

  struct Reduce: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Time the sum of gradients and, for comparison, a copy of the same bytes; prints one line of JSON.")

    @Option(help: "Elements of each gradient.")
    var parameters: Int = 20_000_000

    @Option(help: "Number of gradients.")
    var microbatches: Int = 8

    @Option(help: "Repetitions to measure.")
    var repetitions: Int = 5

    func validate() throws {
      try requirePositive(
        [("parameters", parameters), ("microbatches", microbatches), ("repetitions", repetitions)], upTo: 1_000_000_000)
    }

    func run() throws {
      try reportingErrors {
        print(
          try ReduceBenchmark.run(
            parameters: parameters, microBatches: microbatches, repetitions: repetitions
          ).jsonLine)
      }
    }
  }

  struct Metrics: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Time the intervals of every figure in every group; prints one line of JSON.",
      discussion: """
        --peer names the interpreter and script that evaluate the same items and groups once with another library, for \
        example '.python/bin/python scripts/peers/metric_frame.py'. That library needs at least this time per resample.
        """)

    @Option(help: "Number of items, each predicted once.")
    var items: Int = 1_000_000

    @Option(help: "Number of groups; each item is in one.")
    var groups: Int = 10

    @Option(help: "Number of clusters of items; default: every item is a cluster of its own.")
    var clusters: Int?

    @Option(help: "Bootstrap resamples.")
    var resamples: Int = 1_000

    @Option(help: "The command of another library to time for comparison, its words separated by spaces.")
    var peer: String?

    func validate() throws {
      try requirePositive([("items", items), ("resamples", resamples), ("groups", groups)], upTo: 100_000_000)
      try requirePositive([("clusters", clusters ?? items)], upTo: items)
      if groups > clusters ?? items { throw ValidationError("--groups must not exceed --clusters") }
    }

    func run() throws {
      try reportingErrors {
        let words = peer?.split(separator: " ").map(String.init)
        print(
          try MetricsBenchmark.run(
            MetricsBenchmark.Settings(
              items: items, groups: groups, clusters: clusters ?? items, resamples: resamples,
              peer: words.map { $0 + ["--items", "\(items)", "--groups", "\(groups)"] })
          ).jsonLine)
      }
    }
  }

  struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Time a language model's likeliest continuations of random prompts; prints one line of JSON.",
      discussion: """
        --peer names the interpreter and the script of another library that continues the same prompts with the same \
        weights, for example '.python/bin/python scripts/peers/generate_transformers.py'.
        """)

    @Option(help: "llama-160m, mistral-160m, or a checkpoint folder.")
    var arch: String = "llama-160m"

    @Option(help: "Prompts per batch.")
    var batch: Int = 8

    @Option(help: "Tokens of each prompt.")
    var prompt: Int = 32

    @Option(help: "Tokens to generate for each prompt.")
    var tokens: Int = 64

    @Option(help: "Repetitions to measure.")
    var repetitions: Int = 3

    @Option(help: "The command of another library to time for comparison, its words separated by spaces.")
    var peer: String?

    @OptionGroup var computation: ComputationOptions

    func validate() throws {
      try requirePositive(
        [("batch", batch), ("prompt", prompt), ("tokens", tokens), ("repetitions", repetitions)], upTo: 100_000)
    }

    func run() throws {
      try reportingErrors {
        print(
          try GenerationBenchmark.run(
            GenerationBenchmark.Settings(
              model: arch, batch: batch, prompt: prompt, tokens: tokens, threads: computation.threads ?? 2,
              precision: computation.dtype, device: try Device(named: computation.device), repetitions: repetitions,
              peer: peer?.split(separator: " ").map(String.init))
          ).jsonLine)
      }
    }
  }

  /// One worker of `bench coordination`.
  struct NullWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "null-worker", shouldDisplay: false)

    @Option var connect: String
    @Option var index: Int
    @Option var parameters: Int
    @Option var milliseconds: Double
    @Flag(inversion: .prefixedNo) var sharedMemory = true

    func run() throws {
      try reportingErrors {
        try BenchmarkAudit.work(
          at: connect, name: "null-\(index)",
          computation: NullComputation(parameters: parameters, seconds: milliseconds / 1000), sharesMemory: sharedMemory
        )
      }
    }
  }

  static func program() throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  }
}

/// Throws when an option is not from 1 to `limit`.
func requirePositive(_ options: [(name: String, value: Int)], upTo limit: Int) throws {
  for option in options where !(1...limit).contains(option.value) {
    throw ValidationError("--\(option.name) must be from 1 to \(limit)")
  }
}
