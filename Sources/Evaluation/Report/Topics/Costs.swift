package import Foundation
import Metrics
import Statistics
import Support

/// The part of an audit that a cost belongs to.
package enum AuditPhase: String, Codable, CaseIterable, Equatable, Sendable {
  /// Training and evaluation of the candidates for an arm's settings.
  case search
  case training
  case evaluation
  /// Training and evaluation of the shadow models.
  case shadowModels = "shadow_models"

  /// The phase in words: "shadow models".
  package var title: String { self == .shadowModels ? "shadow models" : rawValue }
}

/// The measured cost of one phase of one arm in this execution.
package struct PhaseCost: Codable, Equatable, Sendable {
  package var arm: String
  package var phase: AuditPhase
  package var wallSeconds: Double
  /// Seconds that workers had work assigned, summed over workers.
  package var workerSeconds: Double
  /// Processor time of the workers.
  package var processorSeconds: Double
  package var coordinatorProcessorSeconds: Double
  /// Sent by the coordinator.
  package var bytesSent: Int
  package var bytesReceived: Int
  /// The largest resident memory of any one worker.
  package var peakResidentBytes: Int

  package init(
    arm: String, phase: AuditPhase, wallSeconds: Double, workerSeconds: Double, processorSeconds: Double,
    coordinatorProcessorSeconds: Double, bytesSent: Int, bytesReceived: Int, peakResidentBytes: Int
  ) {
    self.arm = arm
    self.phase = phase
    self.wallSeconds = wallSeconds
    self.workerSeconds = workerSeconds
    self.processorSeconds = processorSeconds
    self.coordinatorProcessorSeconds = coordinatorProcessorSeconds
    self.bytesSent = bytesSent
    self.bytesReceived = bytesReceived
    self.peakResidentBytes = peakResidentBytes
  }

  /// Bytes in both directions, as a Float64 so that no sum overflows.
  var bytesMoved: Double { Double(bytesSent) + Double(bytesReceived) }
}

extension AuditReport {
  /// The cost of one phase of one arm, where it was measured.
  func cost(of arm: String, phase: AuditPhase) -> PhaseCost? {
    costs.first { $0.arm == arm && $0.phase == phase }
  }
}

/// costs.json: what this execution measured; the only document that depends on workers and clocks.
package struct Costs: Codable, Equatable, Sendable {
  package var schema = Results.version
  package var name: String
  package var planHash: String
  /// Worker processes that the audit was started with.
  package var workers: Int
  package var costs: [PhaseCost]

  package func bytes() throws -> [UInt8] { try JSONDocument.bytes(of: self) }

  /// - Throws: `DecodingError` or `JSONError` for anything but a costs.json.
  package init(_ bytes: Data) throws { self = try JSONDocument.decode(Costs.self, from: bytes) }

  init(name: String, planHash: String, workers: Int, costs: [PhaseCost]) {
    (self.name, self.planHash, self.workers, self.costs) = (name, planHash, workers, costs)
  }
}

extension AuditReport {
  package var costsDocument: Costs { Costs(name: name, planHash: planHash, workers: workers, costs: costs) }
}

extension AuditReport {
  /// The cost of every arm and phase in this execution.
  var costsSection: Section {
    guard !costs.isEmpty else { return Section(anchor: "costs", title: "Cost", body: .empty) }
    var names = headlines.map(\.arm)
    for cost in costs where !names.contains(cost.arm) { names.append(cost.arm) }
    let rows = names.flatMap { name in
      let phases = costs.filter { $0.arm == name }
      return phases.enumerated().map { index, cost -> HTML in
        let parameters = description(of: name).map { Figures.count($0.trainableParameters) } ?? ""
        let start: HTML =
          index == 0
          ? """
          <th scope="rowgroup" class="text" rowspan="\(phases.count)">\(armLabel(name))<br><span class="note">\
          \(parameters) trainable</span></th>
          """ : .empty
        return """
          <tr\(index == 0 ? " class=\"start\"" as HTML : .empty)>\(start)<td class="text">\(cost.phase.title)</td>\
          <td>\(Quantities.duration(cost.wallSeconds))</td><td>\(Quantities.duration(cost.workerSeconds))</td>\
          <td>\(Quantities.duration(cost.processorSeconds))</td>\
          <td>\(Quantities.duration(cost.coordinatorProcessorSeconds))</td>\
          <td>\(Quantities.bytes(Double(cost.bytesSent)))</td><td>\(Quantities.bytes(Double(cost.bytesReceived)))</td>\
          <td>\(Quantities.bytes(Double(cost.peakResidentBytes)))</td></tr>
          """
      }
    }
    return Section(
      anchor: "costs", title: "Cost",
      body: Table.html(
        caption: """
          \(measurementText); all seeds \
          of an arm together. Peak memory is that of the largest worker. Costs depend on how many workers there were; \
          no other figure of this report does. What a model computes below everything that is trained is computed once \
          and kept by each host: the arm that needs it first pays for it, in this audit or an earlier one.
          """,
        head: Table.head(
          [
            "Arm", "Phase", "Wall-clock", "Worker time", "Processor time of workers", "of the coordinator", "Sent",
            "Received", "Peak memory",
          ], textColumns: 2),
        body: rows.joined()))
  }

  private var measurementText: String {
    if remedies != nil { return "Measured when each arm’s audit ran, with the workers that it had" }
    return workers == 0
      ? "Measured on this execution, whose workers were started separately"
      : "Measured on this execution with \(Figures.count(workers, "worker process", "worker processes"))"
  }
}

/// Training cost against the figure of the decision in the worst group, one labelled point per arm.
struct CostScatter {
  struct Point {
    var arm: String
    var style: ArmStyle
    var seconds: Double
    var group: String
    var figure: Estimate

    /// The range of the whisker: only the point where there is no interval.
    fileprivate var bounds: Interval {
      figure.interval.value ?? Interval(lower: figure.value, upper: figure.value)
    }
  }

  /// The name of the figure.
  var name: String
  /// Only points with a finite and positive cost.
  var points: [Point]

  private static let width = 1_040.0
  private static let height = 350.0
  private static let (left, right, top, bottom) = (52.0, 1_004.0, 14.0, 298.0)

  var html: HTML {
    let shares = points.flatMap { [$0.bounds.lower, $0.bounds.upper, $0.figure.value] }
    let y = LinearScale(
      covering: shares, within: 0...1, minimumSpan: 0.05, from: Self.bottom, to: Self.top)
    let least = points.map(\.seconds).min() ?? 1
    let most = points.map(\.seconds).max() ?? 1
    let vertical = Axes.vertical(y, left: Self.left, right: Self.right, label: Axes.percentLabel(y))
    let isLogarithmic = most > 10 * least
    let content =
      if isLogarithmic {
        content(LogarithmicScale(least / 1.5...most * 1.8, from: Self.left, to: Self.right), y: y, isLogarithmic)
      } else {
        content(
          LinearScale(
            covering: [0, most * 1.12], within: 0...Double.greatestFiniteMagnitude, minimumSpan: 1e-6,
            from: Self.left, to: Self.right), y: y, isLogarithmic)
      }
    return Axes.drawing(
      width: Self.width, height: Self.height, title: "Training time against \(name) in the worst group",
      vertical + content)
  }

  private func content(_ x: some Scale, y: LinearScale, _ isLogarithmic: Bool) -> HTML {
    let title = "wall-clock time of training" + (isLogarithmic ? ", on a logarithmic axis" : "")
    let axis = Axes.horizontal(x, top: Self.top, bottom: Self.bottom, title: title, label: Self.timeLabel)
    var placed = LabelPlacement(width: Self.right, top: Self.top, bottom: Self.bottom)
    let positions = points.map { (x: x.position($0.seconds), y: y.position($0.figure.value)) }
    for (point, position) in zip(points, positions) {
      let interval = point.bounds
      placed.block(
        x: position.x - 7...position.x + 7,
        y: y.position(
          interval.upper)...max(
            y.position(interval.upper), y.position(interval.lower)))
    }
    let marks = zip(points, positions).map { point, position -> HTML in
      let interval = point.bounds
      let label = placed.place(
        near: position, width: 7.4 * Double(min(30, max(point.arm.count, point.group.count))) + 4)
      let anchor = label.isAtRight ? "start" : "end"
      return """
        <line class="whisker \(point.style.className)" x1="\(position.x)" x2="\(position.x)" \
        y1="\(y.position(interval.lower))" y2="\(y.position(interval.upper))"/>\
        \(Marks.point(x: position.x, y: position.y, style: point.style, size: 6))\
        <text class="direct \(point.style.className)" x="\(label.x)" y="\(label.y)" \
        text-anchor="\(anchor)">\(point.arm.shortened(to: 30))</text>\
        <text class="tick" x="\(label.x)" y="\(label.y + 15)" \
        text-anchor="\(anchor)">\(point.group.shortened(to: 30))</text>
        """
    }
    return "\(axis)\(marks)"
  }

  private static func timeLabel(_ seconds: Double) -> String {
    if seconds == 0 { return "0" }
    if seconds < 60 { return "\(Figures.margin(seconds / 100)) s" }
    let text = Quantities.duration(seconds)
    return text.hasSuffix(" 00 s") || text.hasSuffix(" 00 min")
      ? String(text.dropLast(text.hasSuffix("s") ? 5 : 7)) : text
  }
}

/// Finds free space for a two-line label beside its point.
private struct LabelPlacement {
  private var taken: [(x: ClosedRange<Double>, y: ClosedRange<Double>)] = []
  private let width: Double
  private let top: Double
  private let bottom: Double

  init(width: Double, top: Double, bottom: Double) {
    self.width = width
    self.top = top
    self.bottom = bottom
  }

  mutating func block(x: ClosedRange<Double>, y: ClosedRange<Double>) {
    taken.append((x, y))
  }

  /// The baseline of the first line: at the right if there is room, otherwise at the left, otherwise above or below
  /// those.
  mutating func place(
    near point: (x: Double, y: Double), width labelWidth: Double
  ) -> (x: Double, y: Double, isAtRight: Bool) {
    let offsets = [0.0, -22, 22, -44, 44, -66, 66]
    var choice = (x: point.x + 12, y: point.y, isAtRight: point.x + 12 + labelWidth <= width)
    if !choice.isAtRight { choice.x = point.x - 12 }
    search: for offset in offsets {
      for isAtRight in [true, false] {
        let x = isAtRight ? point.x + 12 : point.x - 12
        let extent = isAtRight ? x...x + labelWidth : x - labelWidth...x
        let lines = point.y + offset - 14...point.y + offset + 18
        let isInside = extent.lowerBound >= 0 && extent.upperBound <= width
        let isFree = !taken.contains { $0.x.overlaps(extent) && $0.y.overlaps(lines) }
        guard isInside, isFree, lines.lowerBound >= top - 10, lines.upperBound <= bottom + 4 else { continue }
        choice = (x, point.y + offset, isAtRight)
        break search
      }
    }
    let extent = choice.isAtRight ? choice.x...choice.x + labelWidth : choice.x - labelWidth...choice.x
    block(x: extent, y: choice.y - 14...choice.y + 18)
    return choice
  }
}

extension AuditReport {
  /// One row for every arm and phase, as measured on this execution.
  func costsTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "phase", "workers", "wall_seconds", "worker_seconds", "processor_seconds"]
        + ["coordinator_processor_seconds", "bytes_sent", "bytes_received", "peak_resident_bytes"]
        + ["trainable_parameters"])
    for cost in costs {
      let seconds = [
        cost.wallSeconds, cost.workerSeconds, cost.processorSeconds, cost.coordinatorProcessorSeconds,
      ]
      table.append(
        [cost.arm, cost.phase.rawValue, String(workers)] + seconds.map(Field.number)
          + [String(cost.bytesSent), String(cost.bytesReceived), String(cost.peakResidentBytes)]
          + [description(of: cost.arm).map { String($0.trainableParameters) } ?? ""])
    }
    return table
  }
}
