/// How a long vector is cut so that its parts can be worked on apart from each other: digests and norms are made section
/// by section, and where a vector lies in slices, each slice is some whole sections.
package struct VectorSections: Hashable, Sendable {
  /// Elements of the vector.
  package let count: Int
  /// Elements of every section but the last.
  package let size: Int

  /// What is shorter is one section.
  private static let smallest = 1 << 16
  private static let most = 256

  package init(count: Int) {
    self.count = count
    var size = Self.smallest
    while size * Self.most < count { size *= 2 }
    self.size = size
  }

  /// At most 256.
  package var sectionCount: Int { (count + size - 1) / size }

  /// The elements of each of `parts` slices, as even as whole sections allow; fewer where there are fewer sections.
  package func slices(_ parts: Int) -> [Range<Int>] {
    let parts = max(1, min(parts, sectionCount))
    return (0..<parts).map { part in
      let (first, end) = (part * sectionCount / parts, (part + 1) * sectionCount / parts)
      return min(count, first * size)..<min(count, end * size)
    }
  }
}
