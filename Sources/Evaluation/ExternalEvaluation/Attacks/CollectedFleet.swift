internal import MembershipInference
internal import Metrics

/// The rows of one arm put together into a fleet.
struct CollectedFleet {
  private(set) var fleet: ShadowModels
  /// The models' names, in the order of the fleet.
  private(set) var models: [String]
  /// The models that neither attack nor are attacked, and why, in a sentence each.
  private(set) var notes: [String] = []

  /// - Parameters:
  ///   - numbers: The arm's rows.
  ///   - groups: The columns of groups.
  ///   - target: The released model's name; nil where each model is attacked.
  ///   - kind: What scores are, where there are no logits.
  /// - Throws: `PredictionsError` where a model lacks an item or has it twice, or rows contradict each other.
  init(
    _ table: ScoresTable, arm: String, rows numbers: [Int], groups: [String], target: String?, kind: ScoreKind
  ) throws {
    let axes = try RowAxes(table, arm: arm, rows: numbers)
    models = axes.models
    let items = axes.items.map { table.rows[$0] }
    let isOfScores = table.classNames.isEmpty
    let each = table.valuesEach
    func values(_ model: Int, _ query: Int, _ epoch: Int) -> [Double] {
      items.indices.flatMap { item -> ArraySlice<Double> in
        let row = axes.row(model: model, query: query, epoch: epoch, item: item)
        return table.values[row * each..<(row + 1) * each]
      }
    }
    func logits(_ model: Int, _ query: Int, _ epoch: Int) throws -> Logits {
      try Logits(values: values(model, query, epoch).map(Float.init), count: items.count, classes: each)
    }
    let labels = isOfScores ? [] : items.map(\.label)
    // The last epoch is the model that is attacked; the loss of those before it is its trace.
    func scores(epoch: Int) throws -> ShadowModelScores {
      let (models, queries) = (axes.models.indices, axes.queries.indices)
      return isOfScores
        ? .direct(models.map { model in queries.map { values(model, $0, epoch) } }, kind)
        : .logits(try models.map { model in try queries.map { try logits(model, $0, epoch) } })
    }
    let byEpoch = try axes.epochs.indices.map { try scores(epoch: $0) }
    let traces = byEpoch.map { $0.losses(labels: labels) }
    fleet = ShadowModels(
      arm: arm,
      masks: models.indices.map { model in
        items.indices.map { table.rows[axes.row(model: model, query: 0, epoch: 0, item: $0)].isMember }
      },
      scores: byEpoch[byEpoch.count - 1],
      lossTraces: traces.count < 2 ? nil : models.indices.map { model in traces.map { $0[model] } },
      labels: labels, clusters: Self.clusters(items),
      groups: try GroupColumns(
        names: groups, cells: groups.indices.map { column in items.map { $0.groups[column] } }, minimumSize: 0
      ).groups(file: items[0].file),
      itemNames: items.map(\.item), permitsSplitClusters: true)
    try choose(target: target, file: items[0].file)
  }

  /// The number of every item's cluster; whoever has none stands alone.
  private static func clusters(_ items: [ScoresTable.Row]) -> [Int] {
    var numbers: [String: Int] = [:]
    return items.enumerated().map { position, row in
      let name = row.cluster.isEmpty ? "\u{0}\(position)" : row.cluster
      if let known = numbers[name] { return known }
      numbers[name] = numbers.count
      return numbers.count - 1
    }
  }

  /// Finds the design, and puts partners beside each other.
  private mutating func choose(target: String?, file: String) throws(PredictionsError) {
    if let target {
      guard let index = models.firstIndex(of: target) else {
        throw PredictionsError(
          file, "arm \(fleet.arm) has no model \(target) to be the target; expected one of \(models.listed)")
      }
      let complement = fleet.masks[index].map { !$0 }
      let kept = fleet.masks.indices.filter { fleet.masks[$0] != complement }
      leaveOut(
        fleet.masks.indices.filter { fleet.masks[$0] == complement },
        because: "what it has tells what the target \(target) has not")
      keep(kept)
      fleet.design = .released(target: kept.firstIndex(of: index) ?? index)
      return
    }
    let order = Self.pairs(fleet.masks)
    // Enough pairs for an attack, and not two models that happen to be complements among many that are none.
    guard order.count >= 6, 2 * order.count >= models.count else {
      fleet.design = .independent
      return
    }
    leaveOut(
      models.indices.filter { !order.contains($0) },
      because: "the others come in complementary pairs, and its partner is not among the scores")
    keep(order)
    fleet.design = .symmetric
  }

  private mutating func keep(_ order: [Int]) {
    fleet = fleet.reordered(models: order)
    models = order.map { models[$0] }
  }

  private mutating func leaveOut(_ numbers: [Int], because reason: String) {
    notes += numbers.map { "The model \(models[$0]) of arm \(fleet.arm) is left out: \(reason)." }
  }

  /// The models that have a partner with a complementary mask, partners beside each other.
  static func pairs(_ masks: [[Bool]]) -> [Int] {
    var waiting: [[Bool]: [Int]] = [:]
    var pairs: [(Int, Int)] = []
    for (model, mask) in masks.enumerated() {
      let complement = mask.map { !$0 }
      if let partner = waiting[complement]?.first {
        waiting[complement]?.removeFirst()
        pairs.append((partner, model))
      } else {
        waiting[mask, default: []].append(model)
      }
    }
    return pairs.sorted { $0 < $1 }.flatMap { [$0, $1] }
  }
}
