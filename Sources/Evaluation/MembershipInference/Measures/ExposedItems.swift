package import Metrics

/// An item whose membership an attack reveals.
package struct ExposedItem: Equatable, Sendable {
  /// How often the item was above the threshold of all items at a limit of the false positive rate.
  package struct Findings: Equatable, Sendable {
    package var falsePositiveRateLimit: Double
    /// The number of targets trained on the item that flag it as a member.
    package var asMember: Int
    /// The number of targets not trained on it that flag it too. An item that is flagged in both is not exposed.
    package var asNonMember: Int
  }

  /// The position among the audited items.
  package var item: Int
  /// `nil` if items have no names.
  package var name: String?
  package var groups: [GroupName]
  /// The share of a target's non-members that score below the item, ties counted half, averaged over the targets that
  /// were trained on it.
  package var percentile: Double
  /// Targets that were trained on it, among those against which the attack has a score of it.
  package var asMember: Int
  package var asNonMember: Int
  /// At the limits that every target resolves, the strictest first.
  package var findings: [Findings]
}

/// Which items an attack is right about most often.
enum ExposureRanking {
  /// The most exposed items that are kept.
  static let most = 100

  /// - Parameters:
  ///   - all: The rankings of all items.
  ///   - limits: Those that every target resolves, ascending.
  static func items(_ all: AttackedGroup, shadowModels: ShadowModels, limits: [Double]) -> [ExposedItem] {
    let count = shadowModels.items
    var percentiles = [Double](repeating: 0, count: count)
    var asMember = [Int](repeating: 0, count: count)
    var asNonMember = asMember
    var found = [[Int]](repeating: Array(repeating: 0, count: count), count: limits.count)
    var suspected = found
    let ones = all.ones
    for target in all.targets {
      let walk = target.walk(weights: ones, limits: limits)
      guard walk.members > 0, walk.nonMembers > 0 else { continue }
      var above = 0
      var tied: [(item: Int, isMember: Bool)] = []
      target.visit { item, isMember, rank, endsTie in
        tied.append((item, isMember))
        if isMember { asMember[item] += 1 } else { asNonMember[item] += 1 }
        for (limit, point) in walk.points.enumerated() where rank <= point.rank {
          if isMember { found[limit][item] += 1 } else { suspected[limit][item] += 1 }
        }
        guard endsTie else { return }
        let others = tied.count { !$0.isMember }
        let below = Double(walk.nonMembers - above - others) + 0.5 * Double(others)
        for entry in tied where entry.isMember { percentiles[entry.item] += below / Double(walk.nonMembers) }
        above += others
        tied.removeAll(keepingCapacity: true)
      }
    }
    let known = (0..<count).filter { asMember[$0] > 0 }
    for item in known { percentiles[item] /= Double(asMember[item]) }
    func isBefore(_ first: Int, _ second: Int) -> Bool {
      if percentiles[first] != percentiles[second] { return percentiles[first] > percentiles[second] }
      return first < second
    }
    let chosen = known.sorted(by: isBefore).prefix(most)
    var groups: [Int: [GroupName]] = Dictionary(uniqueKeysWithValues: chosen.map { ($0, []) })
    for group in shadowModels.groups {
      for item in group.items where groups[item] != nil { groups[item]?.append(group.name) }
    }
    return chosen.map { item in
      ExposedItem(
        item: item, name: shadowModels.itemNames.isEmpty ? nil : shadowModels.itemNames[item],
        groups: groups[item] ?? [],
        percentile: percentiles[item], asMember: asMember[item], asNonMember: asNonMember[item],
        findings: limits.indices.map {
          ExposedItem.Findings(
            falsePositiveRateLimit: limits[$0], asMember: found[$0][item], asNonMember: suspected[$0][item])
        })
    }
  }
}
