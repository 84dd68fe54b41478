import Checkpoints
import Foundation
import Models
import TestSupport
import Testing
import Torch

/// A published pretrained Llama beside logits that were computed independently in Float64. Its files are no part of this
/// repository.
@Suite(
  .enabled(
    if: Repository.hasPublishedData("stories260k"), Comment(rawValue: Repository.needsPublishedData("stories260k"))))
struct StoriesTests {
  private struct Expected: Decodable {
    let cases: [Case]

    struct Case: Decodable {
      let promptTokens: [Int]
      let greedyTokens: [Int]
      let lastLogits: [Float]
      let meanLoss: Double

      enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_ids"
        case greedyTokens = "greedy_ids"
        case lastLogits = "last_prompt_logits_f64"
        case meanLoss = "mean_nll_of_greedy_ids"
      }
    }
  }

  @Test("Logits are the golden file's within 1e-4, greedy tokens its own, and so is their likelihood")
  func golden() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: Golden.stories + "/golden_numpy_f64.json"))
    let checkpoint = try CheckpointFolder(path: Golden.stories)
    let model = try LanguageModel(checkpoint: checkpoint, method: .head)
    for expected in try JSONDecoder().decode(Expected.self, from: data).cases {
      let prompt = expected.promptTokens
      let logits = try model.logits(try TokenBatch(tokens: [prompt])).floats()
      #expect(largestDifference(Array(logits.suffix(expected.lastLogits.count)), expected.lastLogits) < 1e-4)
      let greedy = expected.greedyTokens
      let made = try model.continuations(of: [prompt], limit: greedy.count - prompt.count, endTokens: [])
      #expect(prompt + made[0] == greedy)
      let isTarget = [greedy.indices.map { $0 > 0 }]
      let full = try LanguageModel(checkpoint: checkpoint, method: .full)
      try full.load(parameters: try checkpoint.fullValues())
      let loss = try full.gradientSum(try TokenBatch(tokens: [greedy]), isTarget: isTarget)
      #expect(abs(loss.lossSum / Double(loss.targets) - expected.meanLoss) < 1e-5)
    }
  }
}
