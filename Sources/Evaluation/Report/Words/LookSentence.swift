import MembershipInference

extension FleetLook {
  /// "16 of 64 models were enough: …".
  var sentence: String {
    let sizes = "\(Figures.count(trained)) of \(Figures.count(planned)) models"
    switch reason {
    case .narrowEnough(let halfWidth):
      return "\(sizes) were enough; the area under the curve is known to ± \(Figures.fixed(halfWidth, digits: 3))"
    case .belowLimit(let upper):
      return
        "\(sizes) were enough; the area under the curve is below the limit, at most \(Figures.fixed(upper, digits: 3))"
    case .aboveLimit(let lower):
      return
        "\(sizes) were enough; the area under the curve is above the limit, at least \(Figures.fixed(lower, digits: 3))"
    case .fleetComplete: return "all \(Figures.count(planned)) models were trained; no look came to the goal"
    }
  }
}
