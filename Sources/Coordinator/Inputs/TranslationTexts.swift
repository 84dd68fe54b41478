internal import Datasets
internal import Plan

/// What is right of an item that is translated; its columns stand behind those that the split is stratified by.
struct TranslationTexts {
  let target: String
  /// The target, and what is right besides; without what is empty.
  let references: [String]
  /// Empty where the specification names no column.
  let stereotype: String
  let gold: String

  init(_ item: ManifestItem, _ settings: TranslationSettings) {
    let columns = Array(item.extra.suffix(settings.columns.count))
    func text(_ column: String?) -> String {
      column.flatMap(settings.columns.firstIndex).map { columns[$0] } ?? ""
    }
    target = text(settings.target)
    references = ([settings.target] + settings.references).map(text).filter { !$0.isEmpty }
    stereotype = text(settings.stereotype)
    gold = text(settings.gold)
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
