/// What groups and clusters are made from: every item's tags by key.
package enum AttributeGroups {
  /// The groups of some keys, a group a tag, in the order of the keys and of the tags. An item with several tags is in
  /// several groups.
  package static func subgroups(of attributes: [[String: [String]]], keys: [String]) -> [Subgroup] {
    keys.flatMap { key in
      var members: [String: [Int]] = [:]
      for (item, attributes) in attributes.enumerated() {
        for tag in Set(attributes[key] ?? []) { members[tag, default: []].append(item) }
      }
      return members.sorted { $0.key < $1.key }.map { Subgroup(column: key, value: $0.key, members: $0.value) }
    }
  }

  /// The cluster of every item, from 0: items with the same tags of a key are one; without a key, or without tags of it,
  /// an item is a cluster of its own.
  package static func clusters(of attributes: [[String: [String]]], key: String?) -> [Int] {
    var numbers: [[String]: Int] = [:]
    var next = 0
    return attributes.map { attributes in
      if let tags = key.flatMap({ attributes[$0] }), let number = numbers[tags] { return number }
      if let tags = key.flatMap({ attributes[$0] }) { numbers[tags] = next }
      defer { next += 1 }
      return next
    }
  }
}
