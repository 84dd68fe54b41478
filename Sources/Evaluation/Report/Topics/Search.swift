import Metrics
package import Statistics
package import Support

/// How the settings of every arm were chosen, before anything was seen of the test items.
package struct SettingsSearch: Codable, Equatable, Sendable {
  package var seeds: [Int]
  package var validationItems: Int
  /// In the order of the arms.
  package var arms: [Arm]

  package struct Arm: Codable, Equatable, Sendable {
    package var name: String
    /// In the order of the grid; at least one.
    package var candidates: [Candidate]
    /// The position of the chosen one.
    package var chosen: Int

    private enum CodingKeys: String, CodingKey {
      case name = "arm"
      case candidates, chosen
    }

    package init(name: String, candidates: [Candidate], chosen: Int) {
      (self.name, self.candidates, self.chosen) = (name, candidates, chosen)
    }

    /// Whether the rate is the lowest or highest of several that were tried, so that a wider grid may hold a better
    /// one.
    package var isAtEdge: Bool {
      let rates = Set(candidates.map(\.rate))
      guard candidates.indices.contains(chosen), rates.count > 1 else { return false }
      return candidates[chosen].rate == rates.min() || candidates[chosen].rate == rates.max()
    }
  }

  package struct Candidate: Codable, Equatable, Sendable {
    package var rate: Double
    package var epochs: Int
    /// On validation items, by seed.
    package var accuracy: SeedSpread
    /// Mean −log p of the label on validation items, by seed, in nats.
    package var logLoss: SeedSpread
    /// Runs whose gradient was not finite at some step.
    package var diverged: Int

    private enum CodingKeys: String, CodingKey {
      case rate = "learning_rate"
      case epochs, accuracy, logLoss
      case diverged = "diverged_runs"
    }

    package init(rate: Double, epochs: Int, accuracy: SeedSpread, logLoss: SeedSpread, diverged: Int) {
      self.rate = rate
      self.epochs = epochs
      self.accuracy = accuracy
      self.logLoss = logLoss
      self.diverged = diverged
    }
  }

  package init(seeds: [Int], validationItems: Int, arms: [Arm]) {
    self.seeds = seeds
    self.validationItems = validationItems
    self.arms = arms
  }
}

extension SettingsSearch.Arm: DerivedFields {
  package var derivedFields: [String: JSONValue] { ["at_edge_of_grid": .bool(isAtEdge)] }
}

extension AuditReport {
  /// The candidates of each arm before the audit, the choice, and the cost.
  var searchSection: Section {
    guard let search else { return Section(anchor: "search", title: "Choice of settings", body: .empty) }
    let rows = search.arms.flatMap { arm in
      arm.candidates.enumerated().map { index, candidate -> HTML in
        let isChosen = index == arm.chosen
        let start: HTML =
          index == 0
          ? """
          <th scope="rowgroup" class="text" rowspan="\(arm.candidates.count)">\(armLabel(arm.name))<br>\
          <span class="note">\(costText(arm.name))</span></th>
          """ : .empty
        let mark =
          !isChosen
          ? "" : arm.candidates.count == 1 ? "the only one" : arm.isAtEdge ? "chosen; the edge of the grid" : "chosen"
        let diverged = candidate.diverged > 0 ? "; \(Figures.count(candidate.diverged, "run", "runs")) diverged" : ""
        return """
          <tr\(index == 0 ? " class=\"start\"" as HTML : .empty)>\(start)<td>\(candidate.rate.description)</td>\
          <td>\(candidate.epochs)</td><td>\(Figures.percent(candidate.accuracy.mean))\
          \(Self.spread(of: candidate))</td>\
          <td>\(Figures.fixed(candidate.logLoss.mean, digits: 3))</td><td class="text">\(mark + diverged)</td></tr>
          """
      }
    }
    return Section(
      anchor: "search", title: "Choice of settings",
      body: Table.html(
        caption: """
          \(Self.choiceText(search)) Nothing of the test items was looked at.
          """,
        head: Table.head(
          [
            "Arm", "Learning rate", "Epochs", search.seeds.count > 1 ? "Accuracy, % ± over seeds" : "Accuracy, %",
            "Log loss, nats", "",
          ], textColumns: 1),
        body: rows.joined()))
  }

  /// One seed shows no variation over seeds.
  private static func spread(of candidate: SettingsSearch.Candidate) -> HTML {
    guard candidate.accuracy.values.count > 1 else { return .empty }
    return "<span class=\"range\"> ± \(Figures.percent(candidate.accuracy.standardDeviation))</span>"
  }

  /// With fewer validation items a choice is mostly chance.
  private static let fewestValidationItems = 50

  /// The size of each arm's grid, the items it was chosen on, and the limits of the conclusion.
  private static func choiceText(_ search: SettingsSearch) -> String {
    let (chosen, single) = (
      search.arms.filter { $0.candidates.count > 1 }, search.arms.filter { $0.candidates.count == 1 }
    )
    var sentences: [String] = []
    if !chosen.isEmpty {
      let counts = chosen.map { "\($0.name) of \($0.candidates.count)" }.listed
      let one = search.seeds.count == 1
      sentences.append(
        "Learning rate and epochs were chosen on "
          + Figures.count(search.validationItems, "validation item", "validation items")
          + " from as many candidates as each arm had (\(counts)), with \(one ? "a seed" : "seeds") of the search’s "
          + "own (\(search.seeds.map { String($0) }.joined(separator: ", "))), by the \(one ? "" : "mean ")accuracy"
          + "\(one ? "" : " over seeds"); ties by log loss.")
    }
    if !single.isEmpty {
      let had =
        single.count == 1
        ? "had a single candidate, so that nothing was chosen for it"
        : "had a single candidate each, so that nothing was chosen for them"
      sentences.append("\(single.map(\.name).listed) \(had).")
    }
    if Set(search.arms.map(\.candidates.count)).count > 1 {
      sentences.append(
        "The grids differ in size: an arm with more candidates had more chances to be chosen well, and comparisons "
          + "between arms favour it.")
    }
    if chosen.contains(where: \.isAtEdge) {
      sentences.append("Where the edge of the grid was chosen, a wider grid may hold better settings.")
    }
    if search.validationItems < fewestValidationItems {
      sentences.append(
        "Warning: with so few validation items (fewer than \(fewestValidationItems)) candidates can hardly be distinguished, "
          + "and what was chosen is mostly chance.")
    }
    return sentences.joined(separator: " ")
  }

  private func costText(_ arm: String) -> String {
    guard let cost = cost(of: arm, phase: .search) else { return "" }
    return "\(Quantities.duration(cost.wallSeconds)) wall-clock, \(Quantities.duration(cost.workerSeconds)) of workers"
  }
}
