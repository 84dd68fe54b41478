import ArgumentParser
import Benchmarks
import Checkpoints
import Foundation
import Torch

/// Speeds, to be set beside a peer's in one sitting.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure speeds.", subcommands: [Step.self, StepRankCommand.self])

  struct Options: ParsableArguments {
    @Option(help: "vit-base, vit-tiny, swinv2-tiny, swinv2-large, llama-160m, mistral-160m, or a checkpoint folder.")
    var arch: String = "vit-base"

    @Option(help: "lora, full or head.")
    var method: String = "lora"

    @Option(help: "The rank of LoRA, on queries and values.")
    var rank: Int = 16

    @Option(help: "Samples a step and process.")
    var batch: Int = 8

    @Option(help: "Tokens of a text.")
    var length: Int = 128

    @Option(help: "Measured steps.")
    var steps: Int = 7

    @Option(help: "Steps before those that are measured.")
    var warmup: Int = 2

    @OptionGroup var computation: ComputationOptions

    func validate() throws {
      for (name, value) in [("batch", batch), ("length", length), ("steps", steps), ("rank", rank)]
      where !(1...1_000_000).contains(value) {
        throw ValidationError("--\(name) must be from 1 to 1000000")
      }
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

    /// The arguments that give another process the same settings, but for the model.
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

    @Option(help: "Processes, each with its own batch; they share the frozen base.")
    var world: Int = 1

    @OptionGroup var options: Options

    func validate() throws {
      if !(1...64).contains(world) { throw ValidationError("--world must be from 1 to 64") }
    }

    func run() throws {
      try reportingErrors {
        let settings = try options.settings()
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let measurement =
          world == 1
          ? try StepBenchmark.run(settings)
          : try StepBenchmark.run(
            settings, world: world, command: [program, "bench", "step-rank"], arguments: options.arguments)
        print(try measurement.json)
      }
    }
  }

  /// One process of several; started by `bench step`.
  struct StepRankCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "step-rank", shouldDisplay: false)

    @Option var index: Int
    @OptionGroup var options: Options

    func run() throws {
      try reportingErrors { try StepBenchmark.serveRank(try options.settings(), index: index) }
    }
  }
}
