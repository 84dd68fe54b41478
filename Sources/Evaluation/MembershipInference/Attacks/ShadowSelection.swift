/// The shadow models that an attack on one target reads of each item: those that have the item in their training set,
/// those that are without it, and those that are left out for this item.
package struct ShadowSelection: Sendable {
  /// What a shadow model is to an item.
  enum Side: Int8, Sendable {
    case without, with, leftOut

    init(isMember: Bool) { self = isMember ? .with : .without }
  }

  /// Ascending.
  let models: [Int]
  /// `[position among models][item]`.
  let sides: [[Side]]
  private let items: Int

  /// Every shadow model is read of every item.
  ///
  /// - Parameters:
  ///   - models: Ascending.
  ///   - masks: Membership, `[model][item]`.
  package init(models: [Int], masks: [[Bool]]) {
    self.models = models
    sides = models.map { masks[$0].map(Side.init(isMember:)) }
    items = masks.first?.count ?? 0
  }

  /// Some are left out item by item, as `balance` says.
  ///
  /// The models that come after the target are left out first, then those from the first model on, so that each model is
  /// left out about as often as another.
  init(target: Int, models: [Int], masks: [[Bool]], balance: CountBalance) {
    let all = ShadowSelection(models: models, masks: masks)
    guard balance != .none else {
      self = all
      return
    }
    var sides = all.sides
    let next = models.indices.filter { models[$0] > target } + models.indices.filter { models[$0] < target }
    let (with, without) = (all.counts(isMember: true), all.counts(isMember: false))
    for item in masks[target].indices {
      let side: Side
      let excess: Int
      switch balance {
      case .none: continue
      case .oneOfTheOtherSide: (side, excess) = (Side(isMember: !masks[target][item]), 1)
      case .equalSides: (side, excess) = (Side(isMember: with[item] > without[item]), abs(with[item] - without[item]))
      }
      for model in next.filter({ sides[$0][item] == side }).prefix(excess) { sides[model][item] = .leftOut }
    }
    (self.models, self.sides, items) = (models, sides, all.items)
  }

  /// How many shadow models with each item are read, or without it.
  func counts(isMember: Bool) -> [Int] {
    let side = Side(isMember: isMember)
    var counts = [Int](repeating: 0, count: items)
    for sides in sides {
      for item in sides.indices where sides[item] == side { counts[item] += 1 }
    }
    return counts
  }
}

/// Which shadow models are left out item by item where models are no complementary pairs, so that how many of the read
/// ones have an item says nothing about whether the target has it.
///
/// Complementary pairs need none of this, since leaving out the target's partner does it. Where every model drew its
/// items independently, the number of other models with an item is independent of the target too.
enum CountBalance: Sendable {
  /// All shadow models are read.
  case none
  /// Every item is in equally many models: of k with the item, a target with it leaves k − 1 others, and one without it
  /// leaves k. One model of the other side than the target's is left out, as a partner would be.
  case oneOfTheOtherSide
  /// Items are in about half of the models each: models of the fuller side are left out until both sides are equal.
  /// Members and non-members then have the same numbers as often, because swapping membership everywhere changes nothing
  /// about such a design.
  case equalSides

  /// The share of the variance of membership that counts may explain where they are taken to tell nothing. Without a
  /// relation 60 clusters reach .1 by chance; items in about half of the models each give .25 and more.
  private static let largestShare = 0.15

  /// The one that a design and its masks need.
  init(_ shadowModels: ShadowModels) {
    self = .none
    guard shadowModels.design == .independent, let items = shadowModels.masks.first?.count else { return }
    let counts = (0..<items).map { item in shadowModels.masks.count { $0[item] } }
    let share = Double(counts.reduce(0, +)) / Double(max(1, items * shadowModels.masks.count))
    if Set(counts).count == 1 {
      self = .oneOfTheOtherSide
    } else if (0.4...0.6).contains(share), Self.countsTell(shadowModels, balance: .none) {
      self = .equalSides
    }
  }

  /// Whether the numbers of read shadow models with an item and without it tell which items the targets have: the adjusted
  /// share of the variance of membership between items of different numbers, averaged over the targets. Of each cluster,
  /// whose items share their membership, one item is counted.
  static func countsTell(_ shadowModels: ShadowModels, balance: CountBalance) -> Bool {
    var seen: Set<Int> = []
    let items = shadowModels.clusters.indices.filter { seen.insert(shadowModels.clusters[$0]).inserted }
    let shares = shadowModels.targets.map { target -> Double in
      let selection = shadowModels.selection(of: target, balance: balance)
      guard !selection.models.isEmpty else { return 0 }
      let counts = zip(selection.counts(isMember: true), selection.counts(isMember: false)).map { [$0, $1] }
      return explainedShare(of: items.map { shadowModels.masks[target][$0] }, by: items.map { counts[$0] })
    }
    return shares.reduce(0, +) / Double(max(1, shares.count)) > largestShare
  }

  /// 1 − (variance within kinds)/(variance), each with its degrees of freedom.
  private static func explainedShare(of isMember: [Bool], by kinds: [[Int]]) -> Double {
    var byKind: [[Int]: (members: Double, all: Double)] = [:]
    for (isMember, kind) in zip(isMember, kinds) {
      byKind[kind, default: (0, 0)].all += 1
      if isMember { byKind[kind, default: (0, 0)].members += 1 }
    }
    let count = Double(isMember.count)
    let members = Double(isMember.count { $0 })
    let total = members * (count - members) / count
    guard total > 0, isMember.count > byKind.count else { return 0 }
    // Sorted, since a dictionary has no order of its own.
    let within = byKind.values.map { $0.members * ($0.all - $0.members) / $0.all }.sorted().reduce(0, +)
    return 1 - within / (count - Double(byKind.count)) * (count - 1) / total
  }
}

extension ShadowModels {
  /// The shadow models that an attack on a target reads.
  ///
  /// - Parameter omitted: Models that are not read at all.
  func selection(of target: Int, balance: CountBalance, without omitted: [Int] = []) -> ShadowSelection {
    ShadowSelection(
      target: target,
      models: design.shadows(of: target, models: masks.count).filter { !omitted.contains($0) }, masks: masks,
      balance: balance)
  }
}
