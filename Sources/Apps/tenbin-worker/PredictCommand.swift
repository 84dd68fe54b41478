import ArgumentParser
import Foundation
import Support

/// Logits or probabilities of a checkpoint.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Compute logits or probabilities with a checkpoint or adapter.")

  @Option(help: "A Hugging Face checkpoint folder.", completion: .directory)
  var model: String

  @Option(help: "A PEFT adapter folder made for that checkpoint.", completion: .directory)
  var adapter: String?

  @Option(
    help: """
      A safetensors file with pixel_values, or with input_ids and attention_mask; the logits are written as safetensors.
      """)
  var input: String?

  @Option(help: "A CSV file that lists images or holds texts; probabilities are written as CSV.")
  var manifest: String?

  @Option(
    name: [.customLong("column"), .customLong("path-column")],
    help: "The manifest's column with the images' paths or the texts; path or text when left out.")
  var column: String?

  @Option(help: "The maximum number of tokens; longer texts are truncated.")
  var maxTokens: Int = 512

  @Option(help: "The file to write.")
  var output: String

  @OptionGroup var computation: ComputationOptions

  func validate() throws {
    if (input == nil) == (manifest == nil) { throw ValidationError("give one of --input and --manifest") }
    if maxTokens < 1 { throw ValidationError("--max-tokens must be at least 1") }
  }

  func run() throws {
    try reportingErrors(otherwise: .wrongInput) {
      let device = try computation.apply()
      let prediction = try Prediction(model: model, adapter: adapter, precision: computation.dtype, device: device)
      if let input { try prediction.predict(tensors: input, to: output) }
      guard let manifest else { return }
      let (cut, reading) = try prediction.predict(
        manifest: manifest, column: column, tokens: maxTokens, to: output)
      if let reading { note(reading) }
      if cut > 0 { note("\(cut) texts were cut after \(maxTokens) tokens; see --max-tokens") }
    }
  }
}
