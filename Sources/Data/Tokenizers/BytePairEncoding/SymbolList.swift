/// The symbols of a piece as a doubly linked list in arrays, so that a merge costs the same anywhere.
struct SymbolList {
  private var values: [Int32]
  private var nextPositions: [Int32]
  private var previousPositions: [Int32]

  private static let none: Int32 = -1
  private static let removed: Int32 = -2

  /// A list of at most `Int32.max` symbols.
  init(_ symbols: [Int32]) {
    values = symbols
    nextPositions = symbols.indices.map { Int32($0 + 1) }
    nextPositions[symbols.count - 1] = Self.none
    previousPositions = symbols.indices.map { Int32($0 - 1) }
  }

  subscript(position: Int) -> Int32 { values[position] }

  func next(_ position: Int) -> Int? { nextPositions[position] < 0 ? nil : Int(nextPositions[position]) }

  func previous(_ position: Int) -> Int? {
    previousPositions[position] < 0 ? nil : Int(previousPositions[position])
  }

  func isRemoved(_ position: Int) -> Bool { nextPositions[position] == Self.removed }

  /// Makes the symbol at `position` and the one after it one symbol `result`.
  mutating func merge(_ position: Int, into result: Int32) {
    guard let right = next(position) else { return }
    let after = nextPositions[right]
    values[position] = result
    nextPositions[position] = after
    nextPositions[right] = Self.removed
    if after >= 0 { previousPositions[Int(after)] = Int32(position) }
  }

  /// The symbols that are left, in order.
  var symbols: [Int32] {
    var symbols: [Int32] = []
    var position = values.isEmpty ? nil : Optional(0)
    while let current = position {
      symbols.append(values[current])
      position = next(current)
    }
    return symbols
  }
}
