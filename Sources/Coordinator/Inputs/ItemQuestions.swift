internal import AnswerChoice
internal import Datasets
internal import Plan
internal import Sequences

/// The questions of an audit, and the texts that a model is fine-tuned on before they are asked.
struct ItemQuestions {
  let task: ChoiceTask
  /// The parts of the texts, which are trained on, then the questions.
  let manifest: Manifest

  /// - Parameters:
  ///   - resolved: turns a path of the specification into one that can be read.
  /// - Throws: `RowError` with the row of a question that cannot be used, `WordingError`, `ChoiceError`.
  init(_ specification: Specification, resolved: (String) -> String) throws {
    guard let settings = specification.data.choices else {
      throw AuditError(.configuration, "the specification says nothing of questions")
    }
    let file = resolved(specification.data.manifest)
    let bytes = try FileBytes.read(file)
    let questions: [ChoiceQuestion]
    switch settings.form {
    case .general: questions = try GeneralQuestionReader.questions(bytes: bytes, file: file)
    case .bbq:
      let read = try BBQReader.questions(bytes: bytes, file: file)
      if let first = read.unresolved.first {
        throw AuditError(
          .configuration,
          "\(file), row \(first.row): \(first.reason) (\(read.unresolved.count) such rows); remove them")
      }
      questions = read.questions
    }
    task = try ChoiceTask(questions: questions, wordings: settings.wordings.map { try Wording($0) })
    let groups = specification.data.groups.map(\.name)
    for name in groups where !questions.contains(where: { $0.attributes[name] != nil }) {
      let known = Set(questions.flatMap(\.attributes.keys)).sorted().joined(separator: ", ")
      throw AuditError(.configuration, "\(file): no question has \"\(name)\"; the questions have \(known)")
    }
    let items = questions.map { question in
      ManifestItem(
        row: question.row, name: question.identifier,
        content: .text(([question.context ?? "", question.question] + question.options).joined(separator: "\n")),
        label: "", classIndex: question.answer ?? 0,
        groups: groups.map { name in
          let tags = question.attributes[name] ?? []
          return tags.isEmpty ? [Manifest.missingTag] : tags
        },
        cluster: specification.data.cluster.flatMap { question.attributes[$0]?.joined(separator: ";") }
          ?? "question \(question.row)",
        split: .test, extra: [])
    }
    let corpus = try settings.corpus.map { corpus in
      try Manifest(file: resolved(corpus.manifest), columns: ManifestColumns(text: corpus.text, label: nil))
    }
    let texts = (corpus?.items ?? []).map { $0.trainedOn() }
    manifest = Manifest(file: file, groupNames: groups, items: texts + items)
  }
}

extension ManifestItem {
  /// A text of a corpus: of no group, and on the side that is trained on.
  fileprivate func trainedOn() -> ManifestItem {
    ManifestItem(
      row: row, name: "corpus \(name)", content: content, label: "", classIndex: 0, groups: [],
      cluster: "corpus \(cluster)", split: .train, extra: [])
  }
}

extension Wording {
  fileprivate init(_ settings: WordingSettings) throws {
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
