package import Planning

/// The items, their attributes and their split.
package struct DataSettings: Sendable, Equatable {
  /// A CSV or JSON Lines file, relative to the specification's own folder; of faces, a folder.
  package var manifest: String
  /// Whether the manifest is a folder of photographs whose names say age, gender and race, as UTKFace is released.
  package var isFacesFolder = false
  /// The column that names each item's file, where items are images.
  package var path: String
  /// The column that holds each item's text, where they are texts.
  package var text: String
  /// The column that names each text; nil for the line that it is on.
  package var name: String?
  /// Tokens after which a text is cut; nil for as many as the model takes.
  package var tokens: Int?
  /// The column to be predicted; nil if items are not classified.
  package var label: String?
  /// The settings of translations.
  package var translation: TranslationSettings?
  /// The settings of questions with options.
  package var choices: ChoiceSettings?
  /// Texts that arms are trained on before they are prompted; nil if only the base is prompted, and in other tasks.
  package var corpus: CorpusSettings?
  /// The labels in the order of the logits; nil for the sorted set that the manifest holds.
  package var classes: [String]?
  /// The label counted as positive where there are two; nil for the second of them.
  package var positive: String?
  package var groups: [GroupSettings]
  /// Columns of groups that are combined, two or three each.
  package var combinations: [[String]]
  /// The column whose equal values must stay on one side of every split; nil if items stand alone.
  package var cluster: String?
  package var split: SplitSettings
  /// Further files that the same models are tested on.
  package var furtherTests: [FurtherTestSettings] = []
}

/// The source and target of translations.
package struct TranslationSettings: Sendable, Equatable {
  /// The column of the translation that is learned.
  package var target: String
  /// Columns of further right translations.
  package var references: [String]
  /// The prompt before the translation, with `{source}` in place of the text.
  package var prompt: String
  /// The most tokens of a generated translation.
  package var maxNewTokens: Int
  /// The column that says which gender an occupation is stereotyped as, and the one that says which the sentence means.
  package var stereotype: String?
  package var gold: String?

  package static let slot = "{source}"
}

/// One grouping of the items: a column of group names, or several boolean columns, one per tag.
package struct GroupSettings: Sendable, Equatable {
  package var name: String
  /// The boolean columns; nil if `name` is itself a column of group names.
  package var tags: [String]?
}

/// Questions with options, and the prompts they are put in.
package struct ChoiceSettings: Sendable, Equatable {
  package var form: Form
  package var prompts: [PromptSettings]

  /// The format of the file of questions.
  package enum Form: String, Sendable, CaseIterable {
    case general, bbq
  }
}

/// One prompt for every question, in all orders of its options.
package struct PromptSettings: Sendable, Equatable {
  package var name = "letters-label"
  /// nil for the standard one.
  package var template: String?
  package var labels = Labels.letters
  package var scoring = Scoring.label
  /// Whether the log-likelihood of the answer without the question is subtracted.
  package var subtractsBlank = false

  package enum Labels: String, Sendable, CaseIterable {
    case letters, digits, symbols, none
  }

  /// The part of an answer that is scored.
  package enum Scoring: String, Sendable, CaseIterable {
    case label, text
  }
}

/// Texts for fine-tuning a language model.
package struct CorpusSettings: Sendable, Equatable {
  /// A CSV or JSON Lines file, relative to the specification's own folder.
  package var manifest: String
  package var text: String
  /// The most tokens of one block.
  package var tokens: Int
}

/// A further test set: a file of items that are never trained on.
package struct FurtherTestSettings: Sendable, Equatable {
  /// Its name in results, reports and file names.
  package var name: String
  /// A CSV or JSON Lines file, relative to the specification's own folder.
  package var manifest: String
  /// The column that names each item's file, where items are images.
  package var path: String
  /// The column that holds each item's text, where they are texts.
  package var text: String
  /// The column that names each text; nil for the line that it is on.
  package var itemName: String?
  package var label: String
  /// The training data's names for its labels, where they differ.
  package var labels: [String: String]
  package var groups: [GroupSettings]
  /// The column whose equal values are resampled together; nil if items stand alone.
  package var cluster: String?
}

extension DataSettings {
  init(_ value: YAMLValue, task: Specification.Task) throws(SpecificationError) {
    let keys = try value.mapping(.data)
    if let faces = keys["faces"], task == .imageClassification {
      if let manifest = keys["manifest"] { throw manifest.failure("cannot be combined with data.faces") }
      manifest = try faces.string()
      isFacesFolder = true
      let label = try keys.required("label")
      guard ["gender", "age"].contains(try label.string()) else {
        throw label.failure("expected gender or age, which are in the names of a folder of faces")
      }
    } else {
      manifest = try keys.required("manifest").string()
    }
    for key in Self.foreignKeys(of: task) {
      if let other = keys[key] { throw other.failure("is not a key of the task \(task.rawValue)") }
    }
    path = try keys["path"]?.string() ?? "path"
    if task == .translation {
      text = try keys.required("source").string()
      translation = TranslationSettings(
        target: try keys.required("target").string(), references: try keys["references"]?.strings() ?? [],
        prompt: try Self.prompt(keys.required("prompt")),
        maxNewTokens: try keys["max_new_tokens"]?.integer(1...4_096) ?? 64,
        stereotype: try keys["stereotype"]?.string(), gold: try keys["gold"]?.string())
    } else {
      text = try keys["text"]?.string() ?? "text"
    }
    name = try keys["name"]?.string()
    tokens = try keys["tokens"]?.integer(1...1 << 20)
    label = task.isClassification ? try keys.required("label").string() : nil
    classes = try keys["classes"]?.strings()
    if let classes, classes.count < 2 {
      throw try keys.required("classes").failure("expected two classes or more")
    }
    positive = try keys["positive"]?.string()
    // A language model may be trained on texts without any other column.
    let listed = try task == .languageModelling ? keys["groups"] : keys.required("groups")
    groups = try listed.map { (value) throws(SpecificationError) in try Self.groups(value) } ?? []
    combinations =
      try listed.map { [groups] (value) throws(SpecificationError) in try Self.combinations(value, of: groups) } ?? []
    cluster = try keys["cluster"]?.string()
    if task == .multipleChoice { choices = try ChoiceSettings(keys["prompts"], form: keys["form"]) }
    corpus = try keys["corpus"].map { (value) throws(SpecificationError) in try CorpusSettings(value) }
    split = task.isPrompted ? .byFile : try SplitSettings(keys.required("split"))
    furtherTests = try FurtherTestSettings.list(keys["tests"], data: self)
  }

  private static func foreignKeys(of task: Specification.Task) -> [String] {
    let (classes, texts) = (["label", "classes", "positive", "tests"], ["text"])
    let questions = ["form", "prompts"]
    let translations = ["source", "target", "references", "prompt", "max_new_tokens", "stereotype", "gold"]
    let choices = questions + ["corpus"]
    return switch task {
    case .imageClassification: texts + ["name", "tokens"] + translations + choices
    case .textClassification: ["path", "faces"] + translations + choices
    case .languageModelling: ["path", "faces"] + classes + translations + choices
    case .translation: ["path", "faces"] + classes + texts + choices
    case .multipleChoice: ["path", "faces"] + classes + texts + translations + ["name", "split"]
    case .cloze: ["path", "faces"] + classes + texts + translations + questions + ["name", "split"]
    }
  }

  private static func prompt(_ value: YAMLValue) throws(SpecificationError) -> String {
    let prompt = try value.string()
    guard prompt.contains(TranslationSettings.slot) else {
      throw value.failure("has no \(TranslationSettings.slot), which stands for the text to translate")
    }
    let rest = prompt.replacing(TranslationSettings.slot, with: "", maxReplacements: 1)
    if let other = rest.firstMatch(of: /\{[a-z]+\}/) {
      throw value.failure("also has \(other.output); expected one \(TranslationSettings.slot) and no other slot")
    }
    return prompt
  }

  static func groups(_ value: YAMLValue) throws(SpecificationError) -> [GroupSettings] {
    var groups: [GroupSettings] = []
    for item in try value.sequence() {
      let group: GroupSettings
      if item.isMapping {
        let keys = try item.mapping(.group)
        if keys["combine"] != nil { continue }
        group = GroupSettings(name: try keys.required("name").string(), tags: try keys.required("tags").strings())
      } else {
        group = GroupSettings(name: try item.string(), tags: nil)
      }
      guard !groups.contains(where: { $0.name == group.name }) else {
        throw item.failure("\"\(group.name)\" is listed twice")
      }
      groups.append(group)
    }
    guard !groups.isEmpty else { throw value.failure("expected a column of groups") }
    return groups
  }

  private static func combinations(
    _ value: YAMLValue, of groups: [GroupSettings]
  ) throws(SpecificationError) -> [[String]] {
    var combinations: [[String]] = []
    for item in try value.sequence() where item.isMapping {
      guard let combined = try item.mapping(.group)["combine"] else { continue }
      let names = try combined.strings()
      guard (2...3).contains(names.count) else { throw combined.failure("expected two or three columns of groups") }
      for name in names {
        guard let group = groups.first(where: { $0.name == name }) else {
          throw combined.failure("\(name) is not a column of groups")
        }
        guard group.tags == nil else {
          throw combined.failure("\(name) holds overlapping tags, which cannot be combined")
        }
      }
      guard !combinations.contains(names) else { throw combined.failure("is listed twice") }
      combinations.append(names)
    }
    return combinations
  }
}

extension ChoiceSettings {
  init(_ value: YAMLValue?, form: YAMLValue?) throws(SpecificationError) {
    self.form = try form?.choice(Form.self) ?? .general
    prompts = []
    for item in try value?.sequence() ?? [] {
      let prompt = try PromptSettings(item)
      guard !prompts.contains(where: { $0.name == prompt.name }) else {
        throw item.failure("two prompts are called \"\(prompt.name)\"; give one of them a name")
      }
      prompts.append(prompt)
    }
    if prompts.isEmpty { prompts = [PromptSettings()] }
  }
}

extension CorpusSettings {
  init(_ value: YAMLValue) throws(SpecificationError) {
    let keys = try value.mapping(.corpus)
    self.init(
      manifest: try keys.required("manifest").string(), text: try keys["text"]?.string() ?? "text",
      tokens: try keys["tokens"]?.integer(2...1 << 20) ?? 256)
  }
}

extension PromptSettings {
  fileprivate init(_ value: YAMLValue) throws(SpecificationError) {
    let keys = try value.mapping(.prompt)
    self.init()
    labels = try keys["labels"]?.choice(Labels.self) ?? .letters
    scoring = try keys["scoring"]?.choice(Scoring.self) ?? .label
    subtractsBlank = try keys["pmi"]?.boolean() ?? false
    template = try keys["template"]?.string()
    name = try keys["name"]?.string() ?? "\(labels.rawValue)-\(scoring.rawValue)\(subtractsBlank ? "-pmi" : "")"
  }
}

extension FurtherTestSettings {
  /// - Parameter data: its columns are the defaults.
  init(_ value: YAMLValue, data: DataSettings) throws(SpecificationError) {
    let keys = try value.mapping(.furtherTest)
    let name = try keys.required("name")
    self.name = try name.string()
    guard self.name.utf8.allSatisfy({ Self.characters.contains($0) }), self.name.utf8.first != UInt8(ascii: ".") else {
      throw name.failure("is part of file names; expected letters, digits, dots, hyphens and underscores")
    }
    manifest = try keys.required("manifest").string()
    path = try keys["path"]?.string() ?? data.path
    text = try keys["text"]?.string() ?? data.text
    itemName = try keys["id"]?.string()
    label = try keys["label"]?.string() ?? data.label ?? ""
    labels = try keys["labels"]?.texts() ?? [:]
    groups = try keys["groups"].map { (value) throws(SpecificationError) in try DataSettings.groups(value) } ?? []
    cluster = try keys["cluster"]?.string()
  }

  private static let characters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8)

  static func list(_ value: YAMLValue?, data: DataSettings) throws(SpecificationError) -> [FurtherTestSettings] {
    var tests: [FurtherTestSettings] = []
    for item in try value?.sequence() ?? [] {
      let test = try FurtherTestSettings(item, data: data)
      guard !tests.contains(where: { $0.name == test.name }) else {
        throw item.failure("two tests are called \"\(test.name)\"; give one of them another name")
      }
      tests.append(test)
    }
    return tests
  }
}
