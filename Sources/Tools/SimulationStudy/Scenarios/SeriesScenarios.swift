import Foundation
import Statistics
import Support

extension Study {
  private static let weeks = 52

  static var seriesScenarios: [Scenario] {
    [
      seriesScenario(areTogether: false), seriesScenario(areTogether: true), shiftScenario(week: 20),
    ]
  }

  /// How often a year of weekly windows without any change gives an alarm.
  ///
  /// - Parameter areTogether: Whether all windows are judged at the end of the year, not each in its week.
  static func seriesScenario(areTogether: Bool) -> Scenario {
    let when = areTogether ? "judged together" : "judged week by week"
    let data = "\(weeks) windows of n = 200, 3 figures, \(when)"
    return Scenario(.series, data) { simulation throws(StudyError) in
      let findings = try simulation.run { key in
        let windows = windows(shift: 0, from: weeks + 1, key: key)
        return areTogether
          ? isAlarm(windows) : windows.contains { isAlarm([$0]) }
      }
      return [.frequency(.series, data, of: "any window flagged", findings, bound: .atMost(0.05))]
    }
  }

  /// How often a shift of half a standard deviation is found in the week in which it comes.
  static func shiftScenario(week: Int) -> Scenario {
    let data = "\(weeks) windows of n = 200, 3 figures, one of them shifted by half a deviation from week \(week) on"
    return Scenario(.series, data) { simulation throws(StudyError) in
      let findings = try simulation.run { key in
        let windows = windows(shift: 0.5, from: week, key: key)
        return !windows.prefix(week - 1).contains { isAlarm([$0]) } && isAlarm([windows[week - 1]])
      }
      return [.frequency(.series, data, of: "flagged in that week and not before", findings, bound: .none)]
    }
  }

  private static func isAlarm(_ windows: [SeriesCorrection.Window]) -> Bool {
    SeriesCorrection.corrected(windows).contains { $0.contains { $0 < SeriesCorrection.level } }
  }

  /// The tests of a year's windows: the means of three independent figures against those of one reference of 2,000.
  private static func windows(shift: Double, from week: Int, key: RandomKey) -> [SeriesCorrection.Window] {
    let (size, reference) = (200.0, 2_000.0)
    var generator = key[.data].generator
    let references = (0..<3).map { _ in generator.normal() / reference.squareRoot() }
    return (1...weeks).map { number in
      SeriesCorrection.Window(
        number: number,
        pValues: references.enumerated().map { figure, ofReference in
          let moved = figure == 0 && number >= week ? shift : 0
          let mean = moved + generator.normal() / size.squareRoot()
          let error = (1 / size + 1 / reference).squareRoot()
          return 2 * NormalDistribution.cumulative(-abs(mean - ofReference) / error)
        })
    }
  }
}
