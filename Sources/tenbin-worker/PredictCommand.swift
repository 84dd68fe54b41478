import ArgumentParser
import Foundation
import Worker

/// Logits or probabilities of a checkpoint.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Compute logits or probabilities with a checkpoint or adapter.")

  @Option(help: "A Hugging Face checkpoint folder.", completion: .directory)
  var model: String

  @Option(help: "A PEFT adapter folder made for that checkpoint.", completion: .directory)
  var adapter: String?

  @Option(help: "A safetensors file with the tensor pixel_values; its logits are written as safetensors.")
  var input: String?

  @Option(help: "A CSV file that lists images; their probabilities are written as CSV.")
  var manifest: String?

  @Option(help: "The manifest's column with the images' paths.")
  var pathColumn: String = "path"

  @Option(help: "The file to write.")
  var output: String

  func validate() throws {
    if (input == nil) == (manifest == nil) { throw ValidationError("give one of --input and --manifest") }
  }

  func run() throws {
    do {
      let prediction = try Prediction(model: model, adapter: adapter)
      if let input { try prediction.predict(tensors: input, to: output) }
      if let manifest { try prediction.predict(manifest: manifest, pathColumn: pathColumn, to: output) }
    } catch {
      FileHandle.standardError.write(Data("error: \(error)\n".utf8))
      throw ExitCode(1)
    }
  }
}
