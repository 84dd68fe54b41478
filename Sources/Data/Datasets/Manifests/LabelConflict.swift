/// Items that are the same to a model, byte for byte, and yet are labelled differently: whatever it answers, some of
/// them count as errors.
package struct LabelConflict: Hashable, Sendable {
  package struct Item: Hashable, Sendable {
    package let name: String
    package let label: String
  }

  /// Two items or more of one content, in the order in which they were given, with at least two different labels.
  package let items: [Item]

  /// The conflicts among items, in the order of their first items.
  ///
  /// - Parameters:
  ///   - names: what each item is called.
  ///   - labels: each item's label.
  ///   - contents: a digest of each item's bytes; what follows the shortest of the three lists is left out.
  package static func all<Digest: Hashable>(
    names: [String], labels: [String], contents: some Sequence<Digest>
  ) -> [LabelConflict] {
    var positions: [Digest: Int] = [:]
    var alike: [[Item]] = []
    for ((name, label), content) in zip(zip(names, labels), contents) {
      let item = Item(name: name, label: label)
      if let position = positions[content] {
        alike[position].append(item)
      } else {
        positions[content] = alike.count
        alike.append([item])
      }
    }
    return alike.filter { Set($0.map(\.label)).count > 1 }.map(LabelConflict.init)
  }
}

extension Manifest {
  /// Images or texts that occur more than once with different labels.
  ///
  /// - Parameter contents: a digest of each item's `bytes(of:)`, in the order of `items`.
  package func labelConflicts(contents: some Sequence<some Hashable>) -> [LabelConflict] {
    LabelConflict.all(names: items.map(\.name), labels: items.map(\.label), contents: contents)
  }
}
