extension Table {
  /// Rows group by group and, within a group, arm by arm; the group's name stands once, before its arms.
  ///
  /// - Parameters:
  ///   - byArm: what stands in the rows, by arm and group, with the arm's label; as many groups for every arm.
  ///   - names: what each group is called.
  ///   - cells: the cells behind the arm's label, from the position of arm and group.
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

  /// A group's name with how much it holds below.
  static func groupName(_ name: String, _ counts: String) -> HTML {
    "\(name)<br><span class=\"note\">\(counts)</span>"
  }
}
