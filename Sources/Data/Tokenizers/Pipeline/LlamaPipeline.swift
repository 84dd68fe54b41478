import Support

/// The steps of transformers' `LlamaTokenizer` around its model.
struct LlamaPipeline {
  let preTokenizer: PreTokenizer
  let decoder: TokenDecoder

  static let defaults = ["bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"]

  /// With a prefix space every text between special tokens gets one in `legacy` mode, else the first text only.
  init(prefixSpace: Bool, legacy: Bool) {
    let prefix: PreTokenizer.Metaspace.PrefixScheme = prefixSpace ? (legacy ? .always : .first) : .never
    preTokenizer = PreTokenizer(steps: [.metaspace(.init(prefix: prefix, splits: false))])
    decoder = Self.decoder(strippingSpace: prefixSpace)
  }

  /// As `add_prefix_space` and `legacy` of a `tokenizer_config.json` say.
  init(configuration: JSONValue?) {
    self.init(
      prefixSpace: configuration?["add_prefix_space"]?.bool ?? true, legacy: configuration?["legacy"]?.bool ?? false)
  }

  static func decoder(strippingSpace: Bool) -> TokenDecoder {
    let steps: [TokenDecoder.Step] = [.replace("▁", with: " "), .byteFallback, .fuse]
    return TokenDecoder(steps: strippingSpace ? steps + [.strip(" ", start: 1, end: 0)] : steps)
  }
}
