/// A number with the word for what it counts, for people.
package enum ItemCount {
  /// "1 session", "2 sessions"; `many` where the plural is not the singular with an s.
  package static func text(_ count: Int, _ one: String, _ many: String? = nil) -> String {
    "\(count) \(count == 1 ? one : many ?? one + "s")"
  }
}
