/// The orders in which a question shows its options.
package enum OptionOrders {
  /// Up to this many options are shown in all orders, of which there would soon be too many.
  package static let mostInAllOrders = 4

  /// All orders in lexicographic order, or of more than four options the cyclic ones; the first is the question's own.
  /// Every option stands equally often in every position.
  ///
  /// - Returns: `order[position]` is the option.
  package static func orders(of options: Int) -> [[Int]] {
    let own = Array(0..<max(0, options))
    guard options <= mostInAllOrders else {
      return own.map { start in own.map { ($0 + start) % options } }
    }
    return arrangements(of: own)
  }

  private static func arrangements(of options: [Int]) -> [[Int]] {
    guard options.count > 1 else { return [options] }
    return options.flatMap { first in arrangements(of: options.filter { $0 != first }).map { [first] + $0 } }
  }
}
