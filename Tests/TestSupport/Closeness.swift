/// Whether two numbers differ by at most `tolerance`, relative to the second where that is above 1.
package func isClose(_ first: Double, _ second: Double, _ tolerance: Double = 1e-9) -> Bool {
  abs(first - second) <= tolerance * max(1, abs(second))
}
