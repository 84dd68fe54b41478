import Support

extension TokenizerJSON {
  /// The model. `LlamaTokenizer` takes its vocabulary and merges only.
  func model(asLlama: Bool) throws(TokenizerError) -> BytePairModel {
    guard let model = root["model"] else { throw malformed("model", "an object") }
    let type = model["type"]?.string
    // Old files leave the type out; a byte-pair model is the one with merges.
    guard type == "BPE" || type == nil && model["merges"] != nil else {
      throw unsupported("model.type", model["type"] ?? .null, "BPE")
    }
    for key in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] where !asLlama {
      if let value = model[key], value.string != "" { throw unsupported("model.\(key)", value, "null") }
    }
    let vocabulary = try vocabulary(model)
    let merges = try merges(model, vocabulary)
    if asLlama {
      return BytePairModel(vocabulary: vocabulary, merges: merges, byteFallback: true, fusesUnknown: true)
    }
    var unknown: Int?
    if let token = model["unk_token"]?.string {
      unknown = vocabulary[Array(token.utf8)]
      if unknown == nil { throw malformed("model.unk_token", "a token of the vocabulary") }
    }
    return BytePairModel(
      vocabulary: vocabulary, merges: merges, byteFallback: model["byte_fallback"]?.bool ?? false, unknown: unknown,
      fusesUnknown: model["fuse_unk"]?.bool ?? false, ignoresMerges: model["ignore_merges"]?.bool ?? false)
  }

  private func vocabulary(_ model: JSONValue) throws(TokenizerError) -> [[UInt8]: Int] {
    guard let members = model["vocab"]?.members else {
      throw malformed("model.vocab", "an object of tokens and their ids")
    }
    var vocabulary: [[UInt8]: Int] = [:]
    vocabulary.reserveCapacity(members.count)
    for (token, value) in members {
      guard let id = value.integer, id >= 0 else {
        throw malformed("model.vocab.\(token)", "an id, a whole number from 0")
      }
      vocabulary[Array(token.utf8)] = id
    }
    return vocabulary
  }

  /// Of a pair that occurs twice the later rank holds.
  private func merges(
    _ model: JSONValue, _ vocabulary: [[UInt8]: Int]
  ) throws(TokenizerError) -> [BytePairModel.Pair: BytePairModel.Merge] {
    guard let values = model["merges"]?.array else { throw malformed("model.merges", "an array of pairs of tokens") }
    var merges: [BytePairModel.Pair: BytePairModel.Merge] = [:]
    merges.reserveCapacity(values.count)
    for (rank, value) in values.enumerated() {
      let parts: [[UInt8]]
      if let line = value.string {
        parts = line.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map { Array($0) }
      } else {
        parts = (value.array ?? []).compactMap { $0.string.map { Array($0.utf8) } }
      }
      guard parts.count == 2, value.array?.count ?? 2 == 2 else {
        throw malformed("model.merges[\(rank)]", "two tokens, as \"a b\" or as an array")
      }
      guard let left = vocabulary[parts[0]], let right = vocabulary[parts[1]],
        let result = vocabulary[parts[0] + parts[1]]
      else {
        throw malformed("model.merges[\(rank)]", "two tokens that model.vocab holds, as it must hold both together")
      }
      merges[.init(left: Int32(left), right: Int32(right))] = .init(rank: Int32(rank), result: Int32(result))
    }
    return merges
  }
}
