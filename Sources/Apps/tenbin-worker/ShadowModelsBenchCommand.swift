import ArgumentParser
import Benchmarks
import Checkpoints

extension BenchCommand {
  /// The options of the peer program, by its names.
  struct ShadowModelsOptions: ParsableArguments {
    enum Layers: String, CaseIterable, ExpressibleByArgument {
      case all
      case lastThird = "last-third"
    }

    @Option(help: "Number of shadow models.")
    var models: Int = 16

    @Option(help: "The layers that are adapted: all or last-third.")
    var layers: Layers = .all

    @Option(help: "The arithmetic: fp32 or bf16.")
    var dtype: Precision = .float32

    @Option(help: "Number of images; each model is trained on half of them.")
    var items: Int = 512

    @Option(help: "Epochs of each model.")
    var epochs: Int = 2

    @Option(help: "Samples per step.")
    var batch: Int = 32

    @Option(help: "Samples per micro-batch.")
    var microbatch: Int = 8

    @Option(help: "Models that a worker computes at once.")
    var packed: Int = 4

    @Option(help: "Worker processes.")
    var processes: Int = 2

    @Option(help: "Threads per worker process.")
    var threads: Int = 1

    func validate() throws {
      try requirePositive(
        [
          ("models", models), ("epochs", epochs), ("batch", batch), ("microbatch", microbatch), ("packed", packed),
        ], upTo: 1_000_000)
      try requirePositive([("processes", processes), ("threads", threads)], upTo: 1_024)
      if !(2...1_000_000).contains(items) { throw ValidationError("--items must be from 2 to 1000000") }
      if batch % microbatch != 0 { throw ValidationError("--batch must be a multiple of --microbatch") }
    }

    var settings: ShadowModelsBenchmark.Settings {
      .init(
        models: models, adaptsAllLayers: layers == .all, precision: dtype, items: items, epochs: epochs, batch: batch,
        microBatch: microbatch, packed: packed, workers: processes, threads: threads)
    }

    /// The arguments that give another process the same settings.
    var arguments: [String] {
      [
        "--models", "\(models)", "--layers", layers.rawValue, "--dtype", dtype.rawValue, "--items", "\(items)",
        "--epochs", "\(epochs)", "--batch", "\(batch)", "--microbatch", "\(microbatch)", "--packed", "\(packed)",
        "--processes",
        "\(processes)", "--threads", "\(threads)",
      ]
    }
  }

  struct ShadowModels: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Time the training and scoring of shadow models; prints one line of JSON.")

    @OptionGroup var options: ShadowModelsOptions

    func run() throws {
      try reportingErrors {
        print(
          try ShadowModelsBenchmark.run(
            options.settings, command: [BenchCommand.program(), "bench", "shadow-models-worker"],
            arguments: options.arguments
          ).jsonLine)
      }
    }
  }

  /// One worker of `bench shadow-models`.
  struct ShadowModelsWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "shadow-models-worker", shouldDisplay: false)

    @Option var connect: String
    @Option var arch: String
    @Option var index: Int
    @OptionGroup var options: ShadowModelsOptions

    func run() throws {
      try reportingErrors {
        try ShadowModelsBenchmark.serveWorker(options.settings, folder: arch, address: connect, index: index)
      }
    }
  }
}
