import Metrics

extension AuditReport {
  /// What every arm and phase cost on this execution.
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
          and kept by each host: whoever needs it first pays for it, in this audit or an earlier one.
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
      ? "Measured on this execution, whose workers were started elsewhere"
      : "Measured on this execution with \(Figures.count(workers, "worker process", "worker processes"))"
  }
}
