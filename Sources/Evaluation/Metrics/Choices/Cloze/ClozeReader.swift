/// Cloze frames as JSON Lines:
///
///     {"frame": "\"Good food!\", says a _", "candidates": ["male", "female"], "cuisine": "Thai"}
///
/// `id` may be given; every other key is an attribute.
package enum ClozeReader {
  /// - Parameters:
  ///   - file: What the file is called in errors.
  /// - Throws: `RowError` naming the first row that is no frame.
  package static func frames(bytes: some Collection<UInt8>, file: String) throws(RowError) -> [ClozeFrame] {
    var frames: [ClozeFrame] = []
    for row in try JSONRows.rows(bytes: bytes, file: file) {
      let identifier = try row.identifier()
      let frame = try row.text("frame")
      let candidates = try row.texts("candidates")
      let attributes = try row.attributes(except: ["id", "frame", "candidates"])
      frames.append(
        try row.naming { () throws(RowError.Problem) in
          try ClozeFrame(
            identifier: identifier, row: row.row, frame: frame, candidates: candidates, attributes: attributes)
        })
    }
    try JSONRows.checkIdentifiers(frames.map { ($0.identifier, $0.row) }, file: file)
    return frames
  }
}
