import ArgumentParser
import Checkpoints
import Foundation
import Support
import Tokenizers

/// Commands about a single checkpoint.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Work with a checkpoint: describe it, tokenize, generate, merge an adapter.",
    subcommands: [Describe.self, Tokenize.self, Generate.self, Merge.self])

  struct Describe: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a checkpoint's architecture, parameters and the memory it takes to adapt it here.")

    @Argument(help: "A Hugging Face checkpoint folder.", completion: .directory)
    var folder: String

    @Option(help: "The rank of the LoRA whose memory is estimated, on queries and values.")
    var rank: Int = 8

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
      try reportingErrors(otherwise: .wrongInput) {
        let description = try ModelDescription(CheckpointFolder(path: folder), rank: rank)
        print(json ? try description.json : description.text(availableBytes: ModelDescription.availableBytes))
      }
    }
  }

  struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read lines on standard input and print a JSON array of token ids for each.")

    @Argument(help: "A folder with tokenizer.model or tokenizer.json.", completion: .directory)
    var folder: String

    @Flag(help: "Leave out the tokens for beginning and end that the tokenizer adds.")
    var withoutSpecialTokens = false

    func run() throws {
      try reportingErrors(otherwise: .wrongInput) {
        let tokenizer = try TextTokenizer(folder: folder)
        while let line = readLine(strippingNewline: true) {
          let tokens = try tokenizer.encode(line, addingSpecialTokens: !withoutSpecialTokens)
          print("[\(tokens.map(String.init).joined(separator: ", "))]")
        }
      }
    }
  }

  struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Continue prompts with the likeliest tokens; reads lines on standard input without --prompt.")

    @Argument(help: "The checkpoint folder of a language model.", completion: .directory)
    var folder: String

    @Option(help: "A PEFT adapter folder made for that checkpoint.", completion: .directory)
    var adapter: String?

    @Option(help: "A text to continue; may be given several times.")
    var prompt: [String] = []

    @Option(help: "The maximum number of tokens to generate.")
    var tokens: Int = 128

    @Flag(help: "Print a JSON object with tokens and text for each prompt.")
    var json = false

    @OptionGroup var computation: ComputationOptions

    func validate() throws {
      if !(1...1_000_000).contains(tokens) { throw ValidationError("--tokens must be from 1 to 1000000") }
    }

    func run() throws {
      try reportingErrors(otherwise: .wrongInput) {
        let device = try computation.apply()
        let generation = try TextGeneration(
          model: folder, adapter: adapter, precision: computation.dtype, device: device)
        var prompts = prompt
        if prompts.isEmpty {
          while let line = readLine(strippingNewline: true) { prompts.append(line) }
        }
        for continuation in try generation.continuations(of: prompts, limit: tokens) {
          print(json ? try continuation.json : continuation.text)
        }
      }
    }
  }

  struct Merge: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a checkpoint folder with a LoRA adapter merged into its weights.")

    @Option(help: "The Hugging Face checkpoint folder that the adapter was made for.", completion: .directory)
    var model: String

    @Option(help: "A PEFT adapter folder.", completion: .directory)
    var adapter: String

    @Option(help: "The folder to write.", completion: .directory)
    var output: String

    func run() throws {
      try reportingErrors(otherwise: .wrongInput) {
        guard !FileManager.default.fileExists(atPath: output) else {
          throw ValidationError("--output \(output) exists already; choose a folder that does not exist")
        }
        let base = try CheckpointFolder(path: model)
        try CheckpointWriter.writeMerged(
          folder: output, base: base, adapter: try AdapterFolder(path: adapter, base: base))
      }
    }
  }
}
