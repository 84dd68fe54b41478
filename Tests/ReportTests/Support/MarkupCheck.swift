import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What can be wrong with the drawings of a page.
enum MarkupCheck {
  /// The drawings of a page, each as its own document.
  static func drawings(_ page: String) -> [String] {
    page.components(separatedBy: "<svg").dropFirst().compactMap { rest in
      rest.range(of: "</svg>").map { "<svg" + rest[..<$0.upperBound] }
    }
  }

  /// Coordinates that are not finite numbers and markup that is not well formed.
  static func errors(_ drawing: String) -> [String] {
    let reader = CoordinateReader()
    let parser = XMLParser(data: Data(drawing.utf8))
    parser.delegate = reader
    let isWellFormed = parser.parse()
    return reader.errors + (isWellFormed ? [] : ["not well formed: \(drawing.prefix(200))"])
  }
}

private final class CoordinateReader: NSObject, XMLParserDelegate {
  private static let names: Set = [
    "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "points", "viewBox",
  ]
  private(set) var errors: [String] = []

  func parser(
    _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) where Self.names.contains(name) {
      for part in value.split(whereSeparator: { $0 == " " || $0 == "," }) {
        guard let number = Double(part), number.isFinite else {
          errors.append("\(element) \(name)=\(value)")
          continue
        }
        if ["width", "height", "r"].contains(name), number < 0 { errors.append("\(element) \(name)=\(value)") }
      }
    }
  }
}
