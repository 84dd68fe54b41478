/// The tokens of mteval-v13a, the metric of the WMT campaigns, as sacreBLEU's default tokenizer `13a` cuts them.
///
/// Characters are Unicode scalars, as in Python: canonically equivalent spellings are different tokens.
package enum Tokenizer13a {
  /// - Returns: The tokens in their order, none of them empty.
  package static func tokens(_ text: String) -> [[Unicode.Scalar]] {
    var line = Array(text.unicodeScalars)
    while let last = line.last, last.isPythonSpace { line.removeLast() }
    line.replace("<skipped>".unicodeScalars, with: "".unicodeScalars)
    line.replace("-\n".unicodeScalars, with: "".unicodeScalars)
    line.replace("\n".unicodeScalars, with: " ".unicodeScalars)
    for (entity, character) in [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
      line.replace(entity.unicodeScalars, with: character.unicodeScalars)
    }
    line = [" "] + line + [" "]
    line = line.flatMap { isPunctuation($0) ? [" ", $0, " "] : [$0] }
    line = replacingPairs(in: line, where: { !$0.isASCIIDigit && isPeriodOrComma($1) }, by: { [$0, " ", $1, " "] })
    line = replacingPairs(in: line, where: { isPeriodOrComma($0) && !$1.isASCIIDigit }, by: { [" ", $0, " ", $1] })
    line = replacingPairs(in: line, where: { $0.isASCIIDigit && $1 == "-" }, by: { [$0, " ", $1, " "] })
    return line.split(whereSeparator: \.isPythonSpace).map(Array.init)
  }

  /// ASCII punctuation but for the apostrophe, the comma, the hyphen and the period.
  private static func isPunctuation(_ character: Unicode.Scalar) -> Bool {
    switch character {
    case "{"..."~", "["..."`", " "..."&", "("..."+", ":"..."@", "/": true
    default: false
    }
  }

  private static func isPeriodOrComma(_ character: Unicode.Scalar) -> Bool { character == "." || character == "," }

  /// Neighbours that match are replaced from left to right, without overlap, as `re.sub` does.
  private static func replacingPairs(
    in line: [Unicode.Scalar], where matches: (Unicode.Scalar, Unicode.Scalar) -> Bool,
    by replacement: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]
  ) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(line.count)
    var place = 0
    while place < line.count {
      if place + 1 < line.count, matches(line[place], line[place + 1]) {
        result += replacement(line[place], line[place + 1])
        place += 2
      } else {
        result.append(line[place])
        place += 1
      }
    }
    return result
  }
}
