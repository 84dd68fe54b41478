extension ChoiceSettings {
  init(_ value: YAMLValue?, form: YAMLValue?) throws(SpecificationError) {
    self.form = try form?.choice(Form.self) ?? .general
    wordings = []
    for item in try value?.sequence() ?? [] {
      let wording = try WordingSettings(item)
      guard !wordings.contains(where: { $0.name == wording.name }) else {
        throw item.failure("two wordings are called \"\(wording.name)\"; give one of them a name")
      }
      wordings.append(wording)
    }
    if wordings.isEmpty { wordings = [WordingSettings()] }
  }
}

extension CorpusSettings {
  init(_ value: YAMLValue) throws(SpecificationError) {
    let keys = try value.mapping(["manifest", "text", "tokens"])
    self.init(
      manifest: try keys.required("manifest").string(), text: try keys["text"]?.string() ?? "text",
      tokens: try keys["tokens"]?.integer(2...1 << 20) ?? 256)
  }
}

extension WordingSettings {
  fileprivate init(_ value: YAMLValue) throws(SpecificationError) {
    let keys = try value.mapping(["name", "template", "labels", "scoring", "pmi"])
    self.init()
    labels = try keys["labels"]?.choice(Labels.self) ?? .letters
    scoring = try keys["scoring"]?.choice(Scoring.self) ?? .label
    subtractsBlank = try keys["pmi"]?.boolean() ?? false
    template = try keys["template"]?.string()
    name = try keys["name"]?.string() ?? "\(labels.rawValue)-\(scoring.rawValue)\(subtractsBlank ? "-pmi" : "")"
  }
}
