import Checkpoints
import Foundation
import Support
import TestSupport
import Testing

@Suite struct LlamaConfigurationTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ json: String) throws -> LlamaConfiguration {
    let path = try folder.write(Data(json.utf8), to: "config.json")
    guard case .llama(let configuration) = try ModelConfiguration.read(file: path) else {
      throw CheckpointError(file: path, problem: .malformed(key: "model_type", expected: "llama"))
    }
    return configuration
  }

  @Test("The configurations of Llama-2 7B and Mistral 7B are read as their makers wrote them")
  func published() throws {
    let llama = try read(
      """
      {"architectures": ["LlamaForCausalLM"], "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
       "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 11008, "max_position_embeddings": 4096,
       "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 32,
       "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": null, "tie_word_embeddings": false,
       "torch_dtype": "float16", "transformers_version": "4.31.0.dev0", "use_cache": true, "vocab_size": 32000}
      """)
    #expect(llama.headSize == 128 && llama.keyValueHeadCount == 32 && llama.slidingWindow == nil)
    #expect(llama.rotary == .init(theta: 10_000, factor: 1) && llama.paddingToken == nil && llama.endTokens == [2])
    let parameters = llama.backboneTensors.reduce(0) { $0 + $1.count }
    #expect(parameters + 32_000 * 4096 == 6_738_415_616)
    let mistral = try read(
      """
      {"architectures": ["MistralForCausalLM"], "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
       "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 14336, "max_position_embeddings": 32768,
       "model_type": "mistral", "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
       "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "sliding_window": 4096, "tie_word_embeddings": false,
       "torch_dtype": "bfloat16", "transformers_version": "4.34.0.dev0", "use_cache": true, "vocab_size": 32000}
      """)
    #expect(mistral.family == .mistral && mistral.slidingWindow == 4096 && mistral.keyValueHeadCount == 8)
    #expect(mistral.backboneTensors.reduce(0) { $0 + $1.count } + 32_000 * 4096 == 7_241_732_096)
  }

  @Test("The rotary base is found where version 4 and version 5 of transformers write it")
  func rotary() throws {
    #expect(try read(#"{"model_type": "llama", "rope_theta": 5e5}"#).rotary.theta == 5e5)
    let parameters = #"{"rope_type": "default", "rope_theta": 1e6}"#
    #expect(try read(#"{"model_type": "mistral", "rope_parameters": \#(parameters)}"#).rotary.theta == 1e6)
    let linear = try read(#"{"model_type": "llama", "rope_scaling": {"type": "linear", "factor": 4.0}}"#)
    #expect(linear.rotary == .init(theta: 10_000, factor: 4))
    let error = #expect(throws: CheckpointError.self) {
      try read(
        #"{"model_type": "llama", "rope_parameters": {"rope_type": "llama3", "rope_theta": 1.0, "factor": 8.0}}"#)
    }
    #expect(error?.description.contains("llama3") == true)
  }

  @Test("What Tenbin lacks or no model can have is refused with its key")
  func refusals() throws {
    for (json, key) in [
      (#"{"model_type": "llama", "hidden_act": "gelu"}"#, "hidden_act"),
      (#"{"model_type": "llama", "attention_dropout": 0.1}"#, "attention_dropout"),
      (#"{"model_type": "llama", "num_attention_heads": 6, "num_key_value_heads": 4}"#, "num_key_value_heads"),
      (#"{"model_type": "llama", "head_dim": 7}"#, "head_dim"),
      (#"{"model_type": "mistral", "sliding_window": 0}"#, "sliding_window"),
      (#"{"model_type": "llama", "vocab_size": -1}"#, "vocab_size"),
      (#"{"model_type": "llama", "rope_theta": 0}"#, "rope_theta"),
    ] {
      let error = #expect(throws: CheckpointError.self) { try read(json) }
      #expect(error?.description.contains(key) == true, "\(json)")
    }
  }

  @Test("Early files name a padding token of −1, which is none, and several tokens may end a text")
  func tokens() throws {
    let configuration = try read(#"{"model_type": "llama", "pad_token_id": -1, "eos_token_id": [2, 7]}"#)
    #expect(configuration.paddingToken == nil && configuration.endTokens == [2, 7])
  }

  @Test("Padding tokens, windows and heads survive writing and reading")
  func roundTrip() throws {
    let written = LlamaConfiguration(
      family: .mistral, vocabularySize: 50, hiddenSize: 12, intermediateSize: 20, layerCount: 2, headCount: 4,
      keyValueHeadCount: 2, headSize: 6, maximumPositions: 99, normEpsilon: 1e-5, rotary: .init(theta: 7, factor: 2),
      slidingWindow: nil, tiesEmbeddings: true, paddingToken: 0, beginningToken: nil, endTokens: [],
      initializerRange: 0.5, labels: ["a", "b", "c"])
    let values = RandomCheckpoint.values(
      configuration: .llama(written), head: .classifier(labels: 3), key: RandomKey(seed: 1))
    try CheckpointWriter.writeCheckpoint(
      folder: folder.path + "/model", configuration: .llama(written), preprocessing: nil, labels: ["a", "b", "c"],
      values: values)
    let checkpoint = try CheckpointFolder(path: folder.path + "/model")
    #expect(checkpoint.configuration == .llama(written))
    #expect(checkpoint.headLabels == 3 && checkpoint.hasLanguageModelHead)
    #expect(try checkpoint.fullValues() == values)
  }
}
