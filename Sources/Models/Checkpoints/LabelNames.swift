/// `id2label` and `label2id` of a config.json as an ordered list of names.
struct LabelNames: Codable {
  let names: [String]

  private enum CodingKeys: String, CodingKey {
    case namesByIndex = "id2label"
    case indicesByName = "label2id"
    case count = "num_labels"
  }

  init(names: [String]) { self.names = names }

  /// Without `id2label`, the names are LABEL_0 and so on, two of them unless `num_labels` says otherwise.
  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    guard let namesByIndex = try values.decodeIfPresent([String: String].self, forKey: .namesByIndex) else {
      let count = try values.decodeIfPresent(Int.self, forKey: .count) ?? 2
      guard (1...1_000_000).contains(count) else {
        throw DecodingError.dataCorruptedError(forKey: .count, in: values, debugDescription: "1 to 1000000 labels")
      }
      names = (0..<count).map { "LABEL_\($0)" }
      return
    }
    names = try (0..<namesByIndex.count).map { index in
      guard let name = namesByIndex[String(index)] else {
        throw DecodingError.dataCorruptedError(
          forKey: .namesByIndex, in: values, debugDescription: "the keys 0 to \(namesByIndex.count - 1)")
      }
      return name
    }
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    var namesByIndex: [String: String] = [:]
    var indicesByName: [String: Int] = [:]
    for (index, name) in names.enumerated() {
      namesByIndex[String(index)] = name
      indicesByName[name] = index
    }
    try values.encode(namesByIndex, forKey: .namesByIndex)
    try values.encode(indicesByName, forKey: .indicesByName)
  }
}
