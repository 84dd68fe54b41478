/// McNemar's exact test of paired binary outcomes: p = min(1, 2·Σ_{i ≤ min(b, c)} C(b + c, i) / 2^(b + c)).
///
/// - Parameters:
///   - b: Pairs in which only the first is correct.
///   - c: Pairs in which only the second is correct.
package func mcNemarExact(_ b: Int, _ c: Int) -> Double {
  let fewer = Double(min(b, c))
  let total = Double(b + c)
  guard total > 0 else { return 1 }
  if b == c { return 1 }
  // The binomial tail as an incomplete beta function, which does not underflow for many pairs.
  return min(1, 2 * BetaDistribution.cumulative(0.5, a: total - fewer, b: fewer + 1))
}
