internal import Checkpoints
internal import Datasets
internal import Planning
internal import Report
internal import Specification

extension AuditInputs {
  /// The number of workers in the specification.
  package var plannedWorkers: Int { specification.cluster.workers }

  /// The share of work that is computed twice, from the specification.
  package var plannedDuplicates: Double { specification.cluster.duplicates }

  /// Runs with at least this number of parameters are cut into slices, from the specification.
  package var plannedSlices: Int { specification.cluster.slicesFrom }

  /// How many parameters a run trains.
  package func parameterCount(ofRun index: Int) -> Int { layouts[plan.runs[index].arm].count }

  /// The audit in one line.
  package var summary: String {
    if plan.stage == .search {
      let arms = specification.arms.count { $0.isTrained }
      return "search: \(plan.runs.count) run\(plan.runs.count == 1 ? "" : "s") for the settings of "
        + "\(arms) arm\(arms == 1 ? "" : "s")"
        + (plan.runs.count > AuditForecast.manySearchRuns
          ? "; more than \(AuditForecast.manySearchRuns): Ctrl-C and a smaller grid under search: if that is not meant"
          : "")
    }
    func count(_ number: Int, _ one: String) -> String { "\(number) \(one)\(number == 1 ? "" : "s")" }
    let splits = plan.splits
    let runs = plan.runs.count { if case .task = $0.purpose { true } else { false } }
    let adapters = specification.arms.count { if case .adapter = $0 { true } else { false } }
    let shadowModels = plan.runs.count { if case .shadowModel = $0.purpose { true } else { false } }
    var parts = [
      "\(count(plan.input.ownItems, "item")) (\(splits.train.count) train, \(splits.validation.count) validation, "
        + "\(splits.test.count) test)",
      count(specification.arms.count, "arm"), count(runs, "run"),
    ]
    parts += plan.input.furtherTests.map { "\($0.items.count) of \($0.name)" }
    if adapters > 0 { parts.append(count(adapters, "external adapter")) }
    if shadowModels > 0 {
      let mayStop = specification.privacy?.earlyStopping != nil
      parts.append("\(mayStop ? "at most " : "")\(shadowModels) shadow models")
    }
    return parts.joined(separator: ", ") + warnings + cutTexts
  }

  private var cutTexts: String {
    guard let texts, let first = texts.cut.first else { return "" }
    return
      "; \(texts.cut.count == 1 ? "1 text is" : "\(texts.cut.count) texts are") longer than \(texts.limit) tokens and "
      + "cut, such as \(manifest.description(of: manifest.items[first]))"
  }

  /// Texts that were cut, files that were left out and conflicting labels, one note per item.
  var dataNotes: [DataNote] {
    let cut = (texts?.cut ?? []).map { item in
      // The name that predictions have, so that both can be joined.
      let entry = manifest.items[item]
      return DataNote(
        kind: .cut, item: entry.name, detail: "longer than \(texts?.limit ?? 0) tokens; line \(entry.row)")
    }
    let skipped = manifest.skipped.map { DataNote(kind: .leftOut, item: $0.name, detail: "\($0.reason)") }
    let conflicts = manifest.labelConflicts(contents: plan.input.contents).flatMap { conflict in
      conflict.items.map { item in
        DataNote(
          kind: .labelledDifferently, item: item.name,
          detail: "\(item.label); equal to \(conflict.items.first?.name ?? "")")
      }
    }
    return cut + skipped + conflicts
  }

  /// Warnings about the data.
  private var warnings: String {
    var warnings = ""
    if let first = manifest.skipped.first {
      let files = manifest.skipped.count == 1 ? "1 file is" : "\(manifest.skipped.count) files are"
      warnings += "; \(files) left out, such as \(first.name): \(first.reason)"
    }
    if let privacy = specification.privacy, let membership = plan.membership, membership.released == nil,
      membership.pool.count < privacy.shadowModels.pool
    {
      warnings +=
        "; membership inference is tried on all \(membership.pool.count) items of the train split, fewer than "
        + "the \(privacy.shadowModels.pool) of privacy.pool"
    }
    let conflicts = manifest.labelConflicts(contents: plan.input.contents)
    if let first = conflicts.first {
      let items = first.items.prefix(2).map { "\($0.name) is \($0.label)" }.joined(separator: ", ")
      let often = conflicts.count == 1 ? "once" : "\(conflicts.count) times"
      warnings += "; \(often) equal items are labelled differently, such as \(items)"
    }
    return warnings
  }
}
