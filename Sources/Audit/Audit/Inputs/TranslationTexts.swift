internal import Datasets
internal import Metrics
internal import Planning
internal import Specification
internal import Tokenizers

/// What is right of an item that is translated; its columns stand behind those that the split is stratified by.
struct TranslationTexts {
  let target: String
  /// The target, and what is right besides; without what is empty.
  let references: [String]
  /// nil where nobody is meant, or the specification names no column.
  let stereotype: Stereotype?
  let gold: GoldGender?

  /// - Throws: `SequenceError` with the row of a gender that is none.
  init(_ item: ManifestItem, _ settings: TranslationSettings, file: String) throws(SequenceError) {
    let columns = Array(item.extra.suffix(settings.columns.count))
    func text(_ column: String?) -> String {
      column.flatMap(settings.columns.firstIndex).map { columns[$0] } ?? ""
    }
    target = text(settings.target)
    references = ([settings.target] + settings.references).map(text).filter { !$0.isEmpty }
    func gender<Gender: RawRepresentable & CaseIterable>(
      _ column: String?, none: Set<String>
    ) throws(SequenceError) -> Gender? where Gender.RawValue == String {
      let value = text(column).lowercased()
      guard !value.isEmpty, !none.contains(value) else { return nil }
      if let gender = Gender(rawValue: value) { return gender }
      let known = Gender.allCases.map(\.rawValue).joined(separator: ", ")
      throw SequenceError(
        file: file, line: item.row,
        problem: "\"\(column ?? "")\" is \"\(text(column).prefix(40))\"; expected \(known), or nothing")
    }
    stereotype = try gender(settings.stereotype, none: ["none", "neutral"])
    gold = try gender(settings.gold, none: ["none"])
  }
}

extension TranslationSettings {
  /// Every column that is read besides the text.
  var columns: [String] {
    var columns: [String] = []
    for column in [target] + references + [stereotype, gold].compactMap(\.self) where !columns.contains(column) {
      columns.append(column)
    }
    return columns
  }
}
