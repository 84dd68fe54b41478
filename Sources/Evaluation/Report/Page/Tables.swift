import Metrics
import Statistics

extension Table {
  /// Rows group by group and, within a group, arm by arm; the group's name appears once, before its arms.
  ///
  /// - Parameters:
  ///   - byArm: The content of the rows, by arm and group, with the arm's label; the same number of groups for every
  ///     arm.
  ///   - names: the name of each group.
  ///   - cells: The cells after the arm's label, given the indices of arm and group.
  static func groupedRows<Group>(
    _ byArm: [(label: HTML, groups: [Group])], names: [HTML], cells: (Group, _ arm: Int, _ row: Int) -> HTML
  ) -> HTML {
    names.indices.flatMap { row in
      byArm.enumerated().map { index, arm -> HTML in
        let group = arm.groups[row]
        let heading: HTML =
          index == 0
          ? "<th scope=\"rowgroup\" class=\"text\" rowspan=\"\(byArm.count)\">\(names[row])</th>" : .empty
        return """
          <tr\(index == 0 ? " class=\"start\"" as HTML : .empty)>\(heading)<td class="text">\(arm.label)</td>\
          \(cells(group, index, row))</tr>
          """
      }
    }.joined()
  }

  /// A group's name with its size below.
  static func groupName(_ name: String, _ counts: String) -> HTML {
    "\(name)<br><span class=\"note\">\(counts)</span>"
  }
}

/// The reasons why figures of one table are undefined, each given once below it.
struct Footnotes {
  private var reasons: [String] = []
  /// The prefix of marks, which makes them unique across tables.
  private let prefix: String

  init(prefix: String) {
    self.prefix = prefix
  }

  /// The figure, or the word "undefined" with a mark that leads to the reason.
  mutating func cell<Value>(_ figure: Measured<Value>, _ text: (Value) -> HTML) -> HTML {
    switch figure {
    case .value(let value): text(value)
    case .undefined(let reason, _): mark("undefined", reason: reason)
    }
  }

  /// A figure and its interval, or why there is none.
  mutating func estimate(_ estimate: Estimate, digits: Int) -> HTML {
    let range = cell(estimate.interval) { interval in
      "[\(Figures.fixed(interval.lower, digits: digits)), \(Figures.fixed(interval.upper, digits: digits))]"
    }
    return "\(Figures.fixed(estimate.value, digits: digits)) <span class=\"range\">\(range)</span>"
  }

  /// `word` with a mark that leads to `reason`.
  mutating func mark(_ word: String, reason: String) -> HTML {
    let index = reasons.firstIndex(of: reason) ?? reasons.count
    if index == reasons.count { reasons.append(reason) }
    return """
      <span class="undefined">\(word)<sup><a href="#\(prefix)-\(index + 1)">\(index + 1)</a></sup></span>
      """
  }

  var html: HTML {
    guard !reasons.isEmpty else { return .empty }
    let items = reasons.enumerated().map { index, reason -> HTML in
      "<li id=\"\(prefix)-\(index + 1)\">Undefined: \(reason).</li>"
    }
    return "<ol class=\"footnotes\">\(items)</ol>"
  }
}
