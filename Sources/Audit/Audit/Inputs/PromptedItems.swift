internal import Datasets
internal import Metrics
internal import Planning
internal import Specification
internal import Support
internal import Tokenizers

/// Prompted items: the continuations of each are scored.
enum PromptedTask: Sendable {
  case choices(ChoiceTask)
  case cloze(ClozeTask)

  /// The continuations to score for an item, in the order in which the evaluation expects them.
  func continuations(of item: Int) -> [ContinuationTexts] {
    switch self {
    case .choices(let task): task.continuations(of: item).map(\.texts)
    case .cloze(let task): task.frames.indices.contains(item) ? task.frames[item].continuations : []
    }
  }
}

/// Prompted items, and the texts that a model is fine-tuned on before.
struct PromptedItems {
  let task: PromptedTask
  /// The parts of the texts, which are trained on, then the questions or frames.
  let manifest: Manifest

  /// - Parameters:
  ///   - resolved: turns a path of the specification into one that can be read.
  /// - Throws: `RowError` with the row of a question or frame that cannot be used, `SpecificationError` for a prompt
  ///   variant that cannot be used, `AuditError` for questions that a prompt variant cannot put.
  init(_ specification: Specification, resolved: (String) -> String) throws {
    let file = resolved(specification.data.manifest)
    let bytes = try FileBytes.read(file)
    let items: [PromptedItem]
    if let settings = specification.data.choices {
      let questions = try Self.questions(bytes, file: file, form: settings.form)
      let prompts = try settings.prompts.enumerated().map { index, prompt in
        do {
          return try PromptVariant(prompt)
        } catch {
          throw specification.locations.failure(at: "data.prompts[\(index)]", "\(prompt.name): \(error)")
        }
      }
      task = try Self.naming(file) { () throws(ChoiceError) in
        .choices(try ChoiceTask(questions: questions, prompts: prompts))
      }
      items = questions.map(PromptedItem.init)
    } else {
      let frames = try ClozeReader.frames(bytes: bytes, file: file)
      task = try Self.naming(file) { () throws(ChoiceError) in .cloze(try ClozeTask(frames: frames)) }
      items = frames.map(PromptedItem.init)
    }
    let groups = specification.data.groups.map(\.name)
    for name in groups where !items.contains(where: { $0.attributes[name] != nil }) {
      let known = Set(items.flatMap(\.attributes.keys)).sorted().joined(separator: ", ")
      throw AuditError(
        .configuration,
        "\(file): no row has \"\(name)\"; the rows have \(known.isEmpty ? "no keys of groups" : known)")
    }
    let corpus = try specification.data.corpus.map { corpus in
      try Manifest(file: resolved(corpus.manifest), columns: ManifestColumns(text: corpus.text, label: nil))
    }
    let texts = (corpus?.items ?? []).map { $0.trainedOn(of: corpus?.file) }
    let cluster = specification.data.cluster
    manifest = Manifest(
      file: file, groupNames: groups, items: texts + items.map { ManifestItem($0, groups: groups, cluster: cluster) })
  }

  /// The result of `body`; errors name the file.
  private static func naming(_ file: String, _ body: () throws(ChoiceError) -> PromptedTask) throws -> PromptedTask {
    do throws(ChoiceError) {
      return try body()
    } catch {
      throw AuditError(.configuration, "\(file): \(error)")
    }
  }

  private static func questions(
    _ bytes: [UInt8], file: String, form: ChoiceSettings.Form
  ) throws -> [ChoiceQuestion] {
    switch form {
    case .general: return try GeneralQuestionReader.questions(bytes: bytes, file: file)
    case .bbq:
      let read = try BBQReader.questions(bytes: bytes, file: file)
      if let first = read.unresolved.first {
        throw AuditError(
          .configuration,
          "\(file), row \(first.row): \(first.reason) (\(read.unresolved.count) such rows); remove them")
      }
      return read.questions
    }
  }
}

/// A question or frame as an item of a manifest.
private struct PromptedItem {
  let row: Int
  let name: String
  let text: String
  let answer: Int?
  let attributes: [String: [String]]

  init(_ question: ChoiceQuestion) {
    (row, name, answer, attributes) = (question.row, question.identifier, question.answer, question.attributes)
    text = ([question.context ?? "", question.question] + question.options).joined(separator: "\n")
  }

  init(_ frame: ClozeFrame) {
    (row, name, answer, attributes) = (frame.row, frame.identifier, nil, frame.attributes)
    text = ([frame.prompt, frame.remainder] + frame.candidates).joined(separator: "\n")
  }
}

extension ManifestItem {
  fileprivate init(_ item: PromptedItem, groups: [String], cluster: String?) {
    self.init(
      row: item.row, name: item.name, content: .text(item.text), label: "", classIndex: item.answer ?? 0,
      groups: groups.map { name in
        let tags = item.attributes[name] ?? []
        return tags.isEmpty ? [Manifest.missingTag] : tags
      },
      cluster: cluster.flatMap { item.attributes[$0]?.joined(separator: ";") } ?? "row \(item.row)",
      split: .test, extra: [])
  }
}

extension ManifestItem {
  /// A text of a corpus: of no group, and on the side that is trained on.
  fileprivate func trainedOn(of file: String?) -> ManifestItem {
    ManifestItem(
      row: row, name: "corpus \(name)", content: content, label: "", classIndex: 0, groups: [],
      cluster: "corpus \(cluster)", split: .train, extra: [], source: file)
  }
}

extension PromptVariant {
  fileprivate init(_ settings: PromptSettings) throws {
    let labels: AnswerLabels? =
      switch settings.labels {
      case .letters: .letters
      case .digits: .digits
      case .symbols: .symbols
      case .none: nil
      }
    let template = try settings.template.map { try PromptTemplate($0) }
    try self.init(
      name: settings.name, template: template ?? .standard, labels: labels,
      scoring: settings.scoring == .label ? .label : .optionText, subtractsBlank: settings.subtractsBlank)
  }
}
