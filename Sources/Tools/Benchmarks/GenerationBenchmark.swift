package import Checkpoints
import Foundation
import Models
import Support
package import Torch

/// Measures the tokens per second of a language model's greedy decoding, and of another program that continues the same
/// prompts with the same weights.
package enum GenerationBenchmark {
  package struct Settings: Sendable {
    /// A name of `StepArchitecture`, or a checkpoint folder.
    package var model: String
    /// Prompts in a batch.
    package var batch: Int
    /// Tokens of each prompt.
    package var prompt: Int
    /// Tokens generated for each.
    package var tokens: Int
    package var threads: Int
    package var precision: Precision
    package var device: Device
    package var repetitions: Int
    /// A program and its arguments that prints `{"seconds": …, "tokens": [[…]]}`; nil for none.
    package var peer: [String]?

    package init(
      model: String, batch: Int, prompt: Int, tokens: Int, threads: Int, precision: Precision, device: Device,
      repetitions: Int, peer: [String]?
    ) {
      (self.model, self.batch, self.prompt, self.tokens) = (model, batch, prompt, tokens)
      (self.threads, self.precision, self.device) = (threads, precision, device)
      (self.repetitions, self.peer) = (repetitions, peer)
    }
  }

  package struct Measurement: Codable, Sendable {
    package var batch: Int
    package var prompt: Int
    package var tokens: Int
    package var threads: Int
    /// The median repetition.
    package var seconds: Double
    package var tokensPerSecond: Double
    package var peerSeconds: Double?
    package var peerTokensPerSecond: Double?
    /// The share of generated tokens that the peer generated too.
    package var equalTokens: Double?
    /// Tokens a second here, divided by the peer's.
    package var ratio: Double?
  }

  package static func run(_ settings: Settings) throws -> Measurement {
    let checkpoint = try StepCheckpoint(settings.model, head: .languageModel)
    try TorchLibrary.setThreads(settings.threads)
    let model = try LanguageModel(
      checkpoint: checkpoint.folder, method: .head, precision: settings.precision, device: settings.device)
    let prompts = try prompts(settings, vocabulary: checkpoint.folder.vocabularySize())
    var seconds: [Double] = []
    var made: [[Int]] = []
    // The first repetition warms up.
    for repetition in 0...settings.repetitions {
      let start = ContinuousClock.now
      made = try model.continuations(of: prompts, limit: settings.tokens, endTokens: [])
      if repetition > 0 { seconds.append((ContinuousClock.now - start) / .seconds(1)) }
    }
    let median = seconds.sorted()[seconds.count / 2]
    let count = Double(settings.batch * settings.tokens)
    var measurement = Measurement(
      batch: settings.batch, prompt: settings.prompt, tokens: settings.tokens, threads: settings.threads,
      seconds: median, tokensPerSecond: count / median)
    if let peer = settings.peer {
      let found = try answer(of: peer, folder: checkpoint.folder.path, prompts: prompts, settings)
      measurement.peerSeconds = found.seconds
      measurement.peerTokensPerSecond = count / found.seconds
      measurement.ratio = found.seconds / median
      measurement.equalTokens =
        Double(zip(made, found.tokens).reduce(0) { $0 + zip($1.0, $1.1).count { $0 == $1 } }) / count
    }
    return measurement
  }

  private static func prompts(_ settings: Settings, vocabulary: Int) throws -> [[Int]] {
    let key = StepWorkload.key[.prompts]
    return (0..<settings.batch).map { row in
      var generator = key[row].generator
      return (0..<settings.prompt).map { _ in min(vocabulary - 1, 3 + Int(generator.uniform() * Double(vocabulary - 3)))
      }
    }
  }

  private struct Answer: Decodable {
    let seconds: Double
    let tokens: [[Int]]
  }

  private static func answer(
    of peer: [String], folder: String, prompts: [[Int]], _ settings: Settings
  ) throws -> Answer {
    let file = FileManager.default.temporaryDirectory.appending(path: "tenbin-prompts-\(getpid()).json")
    try DurableFile.write(JSONEncoder().encode(prompts), to: file.path(percentEncoded: false))
    defer { try? FileManager.default.removeItem(at: file) }
    return try BenchmarkPeer.answer(
      peer + [
        "--model", folder, "--prompts", file.path(percentEncoded: false), "--tokens", "\(settings.tokens)", "--threads",
        "\(settings.threads)", "--repetitions", "\(settings.repetitions)",
      ])
  }
}
