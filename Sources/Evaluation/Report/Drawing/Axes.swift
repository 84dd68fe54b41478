/// Axes, grid lines and frames of drawings.
enum Axes {
  /// Vertical grid lines with labels below them and a title under those.
  static func horizontal(
    _ scale: some Scale, top: Double, bottom: Double, title: String, label: (Double) -> String
  ) -> HTML {
    let ticks = scale.ticks.map { tick -> HTML in
      let x = scale.position(tick)
      return """
        <line class="grid" x1="\(x)" x2="\(x)" y1="\(top)" y2="\(bottom)"/>\
        <text class="tick" x="\(x)" y="\(bottom + 15)" text-anchor="middle">\(label(tick))</text>
        """
    }
    guard !title.isEmpty, let first = scale.ticks.first, let last = scale.ticks.last else { return ticks.joined() }
    let middle = (scale.position(first) + scale.position(last)) / 2
    return """
      \(ticks)<text class="axis" x="\(middle)" y="\(bottom + 33)" text-anchor="middle">\(title)</text>
      """
  }

  /// Horizontal grid lines with labels at their left.
  static func vertical(_ scale: some Scale, left: Double, right: Double, label: (Double) -> String) -> HTML {
    scale.ticks.map { tick -> HTML in
      let y = scale.position(tick)
      return """
        <line class="grid" x1="\(left)" x2="\(right)" y1="\(y)" y2="\(y)"/>\
        <text class="tick" x="\(left - 7)" y="\(y + 4)" text-anchor="end">\(label(tick))</text>
        """
    }.joined()
  }

  /// A drawing of its natural size that shrinks with the page.
  static func drawing(width: Double, height: Double, title: String, _ content: HTML) -> HTML {
    """
    <svg class="drawing" viewBox="0 0 \(width) \(height)" style="max-width:\(width)px" role="img">\
    <title>\(title)</title>\(content)</svg>
    """
  }

  /// Percent labels with as many decimals as the distance between ticks needs.
  static func percentLabel(_ scale: LinearScale) -> (Double) -> String {
    let digits = scale.step < 0.0099 ? 1 : 0
    return { Figures.fixed($0 * 100, digits: digits) }
  }
}
