/// A commented specification for a table of a user's own, so that a user does not start from a blank page.
///
/// The purpose of each column is guessed from its name and values; a comment gives the reason for every guess.
/// The text is a specification that can be read at once; `missing` says what it cannot know.
package struct SpecificationDraft: Sendable {
  /// The text of the file.
  package let yaml: String
  /// What must be filled in or checked before an audit, one sentence per item.
  package let missing: [String]
  package let task: Specification.Task

  /// The value of a key that could not be guessed.
  static let blank = "FILL_IN"

  /// - Parameters:
  ///   - header: the columns' names; one without a name is left out.
  ///   - rows: one value per column, empty if there is none.
  ///   - manifest: the table's path as the specification names it.
  ///   - name: of the audit.
  ///   - task: guessed from the columns where nil.
  package init(header: [String], rows: [[String]], manifest: String, name: String, task: Specification.Task? = nil) {
    let columns = header.indices.filter { !header[$0].isEmpty }.map { index in
      ColumnProfile(name: header[index], values: rows.map { $0[index] })
    }
    var writer = DraftWriter(columns: columns, rows: rows.count, task: task)
    yaml = writer.write(manifest: manifest, name: name)
    missing = writer.missing
    self.task = writer.task
  }
}

/// Statistics of a column's values.
private struct ColumnProfile {
  let name: String
  let rows: Int
  /// Rows with a value.
  let filled: Int
  /// Each value, or each tag where values are lists of tags, with the rows that hold it.
  let counts: [String: Int]
  let hasTags: Bool
  let averageLength: Double
  let imageShare: Double
  /// Whether most values have several words, or are in a script without spaces and longer than a word.
  let isProse: Bool
  let isNumeric: Bool

  init(name: String, values: [String]) {
    let filled = values.filter { !$0.isEmpty }
    let lists = filled.map { $0.split(separator: ";").map(String.init) }
    let whole = Set(filled)
    // A sentence may hold a semicolon, too: tags are few and short.
    let tags = Set(lists.joined())
    hasTags = filled.contains { $0.contains(";") } && tags.count <= 50 && tags.allSatisfy { $0.count <= 40 }
    counts =
      hasTags
      ? lists.reduce(into: [:]) { counts, tags in for tag in Set(tags) { counts[tag, default: 0] += 1 } }
      : filled.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    self.name = name
    self.filled = filled.count
    rows = values.count
    let count = Double(max(1, filled.count))
    averageLength = Double(filled.reduce(0) { $0 + $1.count }) / count
    imageShare =
      Double(
        filled.count { value in [".jpg", ".jpeg", ".png"].contains { value.lowercased().hasSuffix($0) } }) / count
    isProse =
      filled.count { $0.contains(" ") || $0.count >= 8 && $0.unicodeScalars.contains(where: Self.isUnspaced) } * 2
      > filled.count
    isNumeric = !whole.isEmpty && whole.allSatisfy { Double($0) != nil }
  }

  /// Scripts that write no spaces between words: kana, Chinese characters, Thai.
  private static func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
    [0x0E00...0x0E7F, 0x3040...0x30FF, 0x3400...0x9FFF, 0xF900...0xFAFF].contains { $0.contains(scalar.value) }
  }

  var isBoolean: Bool {
    !counts.isEmpty && counts.keys.allSatisfy { ["true", "false", "1", "0", "yes", "no"].contains($0.lowercased()) }
  }

  /// Whether values repeat as an attribute's values do.
  var isCategory: Bool { (2...20).contains(counts.count) && filled > 2 * counts.count }

  /// The words of the name, in small letters: `patientID` and `patient_id` are both `patient id`.
  var words: Set<String> {
    var words: [String] = [""]
    var isAfterSmall = false
    for character in name {
      if character.isLetter || character.isNumber {
        if character.isUppercase, isAfterSmall { words.append("") }
        words[words.count - 1] += character.lowercased()
        isAfterSmall = character.isLowercase
      } else {
        words.append("")
        isAfterSmall = false
      }
    }
    return Set(words.filter { !$0.isEmpty })
  }

  func isCalled(_ names: Set<String>) -> Bool { names.contains(name.lowercased()) || !names.isDisjoint(with: words) }

  /// The values, the most frequent first, cut where there are many.
  var listed: String {
    let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return sorted.prefix(6).map { "\(YAMLText.oneLine($0.key)) (\($0.value))" }.joined(separator: ", ")
      + (sorted.count > 6 ? " and \(sorted.count - 6) more" : "")
  }
}

/// Texts in YAML's flow style and in comments.
private enum YAMLText {
  /// `text` as a scalar that reads back as the same text.
  static func scalar(_ text: String) -> String {
    let isPlain =
      text.first?.isASCII == true && text.first?.isLetter == true
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_./-".contains($0)) }
    let reserved: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "fill_in"]
    guard !isPlain || reserved.contains(text.lowercased()) else { return text }
    var quoted = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case _
      where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
        || [0x2028, 0x2029, 0xFEFF].contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return "\"\(quoted)\""
  }

  /// `text` without what would end a comment, cut where it is long.
  static func oneLine(_ text: String) -> String {
    let line = String(
      text.map { character in
        character.isNewline || character.unicodeScalars.contains { $0.properties.generalCategory == .control }
          ? " " : character
      })
    return line.count > 40 ? "\(line.prefix(40))…" : line
  }
}

/// Chooses a column for each key and writes the text.
private struct DraftWriter {
  let columns: [ColumnProfile]
  let rows: Int
  let task: Specification.Task
  private let taskReason: String
  private(set) var missing: [String] = []
  private var used: Set<String> = []
  /// The share of rows that is tested on, and the rows of the largest group.
  private var testShare = 0.2
  private var largestGroup: Int?

  private static let minimumGroup = 50
  private var lines: [String] = []

  init(columns: [ColumnProfile], rows: Int, task: Specification.Task?) {
    self.columns = columns
    self.rows = rows
    if let task {
      (self.task, taskReason) = (task, "as you named it")
      return
    }
    let names = Set(columns.map { $0.name.lowercased() })
    let image = columns.first { $0.imageShare > 0.9 }
    if names.isSuperset(of: ["question", "options"]) {
      (self.task, taskReason) = (.multipleChoice, "because there are columns question and options")
    } else if names.isSuperset(of: ["frame", "candidates"]) {
      (self.task, taskReason) = (.cloze, "because there are columns frame and candidates")
    } else if let image {
      (self.task, taskReason) = (
        .imageClassification, "because \(YAMLText.oneLine(image.name)) names JPEG or PNG files"
      )
    } else if Self.text(among: columns) == nil {
      (self.task, taskReason) = (.textClassification, "CHECK: no column of images or texts was found")
    } else if Self.label(among: columns) != nil {
      (self.task, taskReason) = (.textClassification, "because there are texts and a label")
    } else {
      (self.task, taskReason) = (.languageModelling, "because there are texts and no label")
    }
  }

  private static let labelNames: Set<String> = [
    "label", "labels", "target", "class", "outcome", "gold", "sentiment", "y",
  ]

  private static let attributeNames: Set<String> = [
    "gender", "sex", "age", "race", "ethnicity", "tone", "skin", "nationality", "religion", "dialect", "language",
    "region", "country", "group", "disability", "orientation",
  ]

  private static func label(among columns: [ColumnProfile]) -> ColumnProfile? {
    let candidates = columns.filter { (2...1_000).contains($0.counts.count) }
    return candidates.first { $0.name.lowercased() == "label" } ?? candidates.first { $0.isCalled(labelNames) }
  }

  private static func text(among columns: [ColumnProfile]) -> ColumnProfile? {
    let names: Set<String> = ["text", "sentence", "comment", "review", "content", "body", "tweet", "prompt"]
    let texts = columns.filter { $0.isProse && $0.imageShare < 0.5 && $0.counts.count > $0.filled / 4 }
    // A text may be a single word; a column whose name is text needs no further evidence.
    return columns.first {
      names.contains($0.name.lowercased()) && !$0.isNumeric && $0.imageShare < 0.5 && $0.filled > 0
    }
      ?? texts.first { $0.isCalled(names) } ?? texts.max { $0.averageLength < $1.averageLength }
  }

  mutating func write(manifest: String, name: String) -> String {
    lines = [
      "# A draft for \(YAMLText.oneLine(manifest)), \(rows) row\(rows == 1 ? "" : "s"). Comments give the reason for each guess.",
      "# Every key is explained in docs/specification.md. What an audit needs before it runs: see FILL IN.", "",
    ]
    key("name", YAMLText.scalar(name), "appears in the report")
    fillIn("base", "the folder of a Hugging Face checkpoint to adapt, relative to this file")
    missing.append("base: the folder of the checkpoint to adapt")
    key("task", task.rawValue, taskReason)
    lines.append("data:")
    key("  manifest", YAMLText.scalar(manifest), "relative to this file")
    items()
    let label = task.isClassification ? labelColumn() : nil
    let split = task.isPrompted ? nil : splitColumn()
    let cluster = clusterColumn()
    let groups = groupColumns(label: label)
    if task.isPrompted {
      lines.append(
        "  # corpus: {manifest: texts.csv, text: text}   # texts to fine-tune the arms on before they are prompted")
    } else {
      splitLines(column: split, stratify: [label].compactMap(\.self) + groups.prefix(1), cluster: cluster)
    }
    rest()
    return lines.joined(separator: "\n") + "\n"
  }

  /// One key, with the reason for its value as a comment.
  private mutating func key(_ key: String, _ value: String, _ reason: String) {
    line("\(key): \(value)", reason)
  }

  private mutating func line(_ text: String, _ comment: String) {
    lines.append(text + String(repeating: " ", count: max(2, 42 - text.count)) + "# \(comment)")
  }

  private mutating func fillIn(_ key: String, _ what: String) {
    self.key(key, SpecificationDraft.blank, "FILL IN: \(what)")
  }

  /// The columns of what a model sees.
  private mutating func items() {
    switch task {
    case .imageClassification:
      if let column = columns.first(where: { $0.imageShare > 0.9 })
        ?? columns.first(where: { $0.isCalled(["path", "file", "filename", "image"]) })
      {
        use(column, as: "  path", "its values end with .jpg, .jpeg or .png; relative to the manifest")
      } else {
        fillIn("  path", "the column of JPEG or PNG files, relative to the manifest")
        missing.append("data.path: the column of image files")
      }
    case .textClassification, .languageModelling:
      if let column = Self.text(among: columns) {
        use(column, as: "  text", "the column of the longest texts: \(Int(column.averageLength)) characters on average")
      } else {
        fillIn("  text", "the column of the texts")
        missing.append("data.text: the column of the texts")
      }
      lines.append(
        "  # tokens: 256                           # longer texts are cut; as many as the base takes unless you say so")
    case .translation:
      for (name, what) in [("source", "the texts to translate"), ("target", "the right translations")] {
        if let column = columns.first(where: { $0.isCalled([name]) }) {
          use(column, as: "  \(name)", "the column is called so")
        } else {
          fillIn("  \(name)", "the column of \(what)")
          missing.append("data.\(name): the column of \(what)")
        }
      }
      key(
        "  prompt", "\"Translate: {source} Translation:\"", "what comes before the translation; name the languages here"
      )
    case .multipleChoice:
      used.formUnion(["context", "question", "options", "answer", "biased", "unknown", "ambiguous"])
    case .cloze: used.formUnion(["frame", "candidates"])
    }
  }

  private mutating func use(_ column: ColumnProfile, as name: String, _ reason: String) {
    used.insert(column.name)
    key(name, YAMLText.scalar(column.name), reason)
  }

  private mutating func labelColumn() -> String? {
    let free = columns.filter { !used.contains($0.name) }
    if let column = Self.label(among: free) {
      use(column, as: "  label", "the column's name says so; its values: \(column.listed)")
      return column.name
    }
    // The last column of few values, unless it describes people or splits the data.
    let others = free.filter { $0.isCategory && !$0.isCalled(Self.attributeNames) && !isSplit($0) && !$0.hasTags }
    guard let column = others.last else {
      fillIn("  label", "the column to predict")
      missing.append("data.label: the column to predict")
      return nil
    }
    use(column, as: "  label", "CHECK: a guess, as the last column of few values: \(column.listed)")
    missing.append("data.label: \(column.name) is a guess; check it")
    return column.name
  }

  private func isSplit(_ column: ColumnProfile) -> Bool {
    !column.counts.isEmpty && Set(column.counts.keys).isSubset(of: ["train", "validation", "test"])
      && column.counts["train"] != nil && column.counts["test"] != nil
  }

  private mutating func splitColumn() -> String? {
    guard let column = columns.first(where: isSplit) else { return nil }
    used.insert(column.name)
    testShare = Double(column.counts["test"] ?? 0) / Double(max(1, column.filled))
    return column.name
  }

  private mutating func clusterColumn() -> String? {
    let names: Set<String> = [
      "person", "subject", "patient", "speaker", "author", "user", "identity", "family", "document", "template",
      "cluster",
      "household", "customer", "pair",
    ]
    let column = columns.first { column in
      !used.contains(column.name) && column.isCalled(names) && !column.hasTags && column.counts.count > 20
        && column.counts.count < column.filled
    }
    guard let column else {
      lines.append(
        "  # cluster: COLUMN                       # if several items show one person or come from one document: its column"
      )
      return nil
    }
    use(
      column, as: "  cluster",
      "\(column.counts.count) values in \(column.filled) rows: items that share one stay on one side of every split")
    return column.name
  }

  /// Writes the groups, and returns those that a split can be stratified by.
  private mutating func groupColumns(label: String?) -> [String] {
    let free = columns.filter { column in
      !used.contains(column.name) && column.name != label && !column.isCalled(["id", "index", "path", "file"])
    }
    let booleans = free.filter { $0.isBoolean && !$0.isCalled(Self.attributeNames) }
    let isTagged = booleans.count >= 2
    let groups = free.filter { column in
      (column.isCategory || column.hasTags && column.counts.count >= 2)
        && !(isTagged && booleans.contains { $0.name == column.name })
    }
    guard !groups.isEmpty || isTagged else {
      if task == .languageModelling {
        lines.append("  # groups: [COLUMN]                      # columns by which people are grouped")
      } else {
        key("  groups", "[\(SpecificationDraft.blank)]", "FILL IN: the columns by which people are grouped")
        missing.append("data.groups: the columns by which people are grouped")
      }
      return []
    }
    lines.append(
      "  groups:                                 # CHECK: columns of few values; remove what is not an attribute of people"
    )
    for column in groups {
      line("    - \(YAMLText.scalar(column.name))", "\(column.hasTags ? "tags between ;: " : "")\(column.listed)")
    }
    largestGroup = (groups.flatMap(\.counts.values) + (isTagged ? [rows] : [])).max()
    if isTagged {
      let tags = booleans.map { YAMLText.scalar($0.name) }.joined(separator: ", ")
      lines.append(
        "    - {name: tags, tags: [\(tags)]}        # columns of true and false, one per tag; rename the group")
    }
    for column in free where column.isNumeric && column.counts.count > 20 && column.isCalled(Self.attributeNames) {
      lines.append(
        "    # \(YAMLText.oneLine(column.name)) has \(column.counts.count) values; add a column of bands, such as 30-39, to group by it"
      )
    }
    return groups.filter { !$0.hasTags && $0.filled == $0.rows }.map(\.name)
  }

  private mutating func splitLines(column: String?, stratify: [String], cluster: String?) {
    if let column {
      key("  split", "{column: \(YAMLText.scalar(column))}", "its values are train, validation and test")
      return
    }
    let names = stratify.map(YAMLText.scalar).joined(separator: ", ")
    let columns = names.isEmpty ? "" : ", stratify: [\(names)]"
    lines.append(
      "  # Drawn once, the same for every arm and seed\(names.isEmpty ? "" : ", in equal shares of each stratify column")."
    )
    lines.append("  split: {train: 0.7, validation: 0.1, test: 0.2, seed: 13\(columns)}")
  }

  private mutating func rest() {
    if task.isPrompted {
      key("arms", "[base]", "the checkpoint as it is; with data.corpus also lora: {rank: 8} and full")
      lines.append("# training: {epochs: 3}                   # needed where an arm is trained")
    } else {
      lines.append("arms:                                     # ways of adapting the base; each is compared with full")
      lines.append(
        task.isClassification
          ? "  - head                                  # a new head on the frozen base: a linear probe"
          : "  - base                                  # the checkpoint as it is")
      let targets = task == .imageClassification ? "query, value" : "q_proj, v_proj"
      lines.append("  - lora: {rank: 8, alpha: 16, targets: [\(targets)]}")
      lines.append("  - full                                  # all weights")
      let grouped = task.isText ? ", group_by_length: true" : ""
      key(
        "training", "{epochs: 3, batch: 32, microbatch: 8\(grouped), lora: {rate: 1e-3}, full: {rate: 1e-4}}",
        "try others with search:")
    }
    key("seeds", "[13, 1337, 42, 666, 888]", "every arm is trained once with each; fewer cost less and say less")
    if !task.isPrompted {
      let pool = min(2_000, max(8, rows / 4 * 2))
      lines.append("# Membership inference: trains 16 more models per arm on halves of a pool of training items.")
      lines.append("# privacy: {attacks: [lira, loss], models: 16, pool: \(pool)}")
    }
    lines.append(
      "# The question, fixed before the run: may LoRA be this much worse than full in any group (0.03: 3 points)?")
    decision()
    key("cluster", "{workers: 2}", "worker processes; they change the time, never the results")
  }

  /// The rule, with a warning if no group will be large enough for it.
  private mutating func decision() {
    let tested = (largestGroup ?? rows).scaled(by: task.isPrompted ? 1 : testShare)
    if tested < Self.minimumGroup {
      lines.append(
        "# CHECK: groups with fewer test items than min_group get no verdict, and the largest has about \(tested).")
      missing.append(
        "decision.min_group: no group will have \(Self.minimumGroup) test items (the largest about \(tested)), so none "
          + "gets a verdict; add items, or choose a smaller number before you see results")
    }
    lines.append("decision: {margin: 0.03, min_group: \(Self.minimumGroup)}")
  }
}

extension Int {
  fileprivate func scaled(by share: Double) -> Int { Int((Double(self) * share).rounded()) }
}
