/// Texts of a block put together by their lengths, so that little is padded: which texts share a product depends on the
/// block alone.
enum SimilarLengths {
  /// Positions of texts that are computed together, shorter ones before longer ones.
  static func parts(of lengths: [Int]) -> [[Int]] {
    let sorted = lengths.indices.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
    return stride(from: 0, to: sorted.count, by: size).map {
      Array(sorted[$0..<min($0 + size, sorted.count)])
    }
  }

  /// Texts that share a product.
  private static let size = 8
}
