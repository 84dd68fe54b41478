import Foundation
import Metrics
import Statistics
package import Support

/// The windows that have been judged by one reference, with their p-values, so that a series that grows week by week is
/// corrected as one.
///
/// A window that comes again, by its content and the figures that are tested, has the number and the verdict that it had.
package struct WindowSeries: Equatable, Sendable {
  /// Changes with every change of how figures are tested, so that no window is held to p-values of another version.
  static let figuresVersion = "1"

  /// The digest of the reference.
  package let reference: ContentHash
  package private(set) var windows: [Record] = []

  package init(reference: ContentHash) { self.reference = reference }

  /// What makes a window the same as another.
  package struct Key: Hashable, Sendable {
    let content: ContentHash
    /// The digest of the options that say which figures are tested.
    let figures: ContentHash

    package init(content: ContentHash, figures: ContentHash) { (self.content, self.figures) = (content, figures) }
  }

  /// A window that has been judged.
  package struct Record: Codable, Equatable, Sendable {
    package let number: Int
    /// As it was called then.
    package let file: String
    package let judgedAt: String
    /// The number of the first of the windows that were judged together.
    package let firstTogether: Int
    /// Digests in hexadecimal digits.
    let content: String
    let figures: String
    let changePValues: [Double]
    let demands: [Demand]
  }

  /// A demand of the policy on one group, and the p-value of its breach.
  struct Demand: Codable, Equatable, Sendable {
    let demand: String
    let pValue: Double
  }

  /// The same windows with their figures corrected, those that are new having been added to the series.
  package mutating func judge(
    _ measured: [(report: WindowReport, key: Key)], at time: String
  ) -> [WindowReport] {
    let first = windows.count + 1
    for (report, key) in measured where record(key) == nil {
      windows.append(
        Record(
          number: windows.count + 1, file: report.file, judgedAt: time, firstTogether: first,
          content: key.content.description, figures: key.figures.description,
          changePValues: report.drifts.compactMap { $0.finding.value?.pValue },
          demands: report.demands.compactMap { demand in
            demand.pValue.map { Demand(demand: demand.name, pValue: $0) }
          }))
    }
    var batches: [Int: Batch] = [:]
    return measured.map { report, key in
      guard let record = record(key) else { return report }
      let batch = batches[record.firstTogether] ?? Batch(windows.filter { $0.firstTogether == record.firstTogether })
      batches[record.firstTogether] = batch
      return batch.corrected(report, record, isNew: record.number >= first)
    }
  }

  private func record(_ key: Key) -> Record? {
    windows.first { $0.content == key.content.description && $0.figures == key.figures.description }
  }
}

/// Windows that were judged together.
private struct Batch {
  private let records: [WindowSeries.Record]
  private let changes: [Int: [Double]]
  /// By demand and the window's number.
  private let demands: [String: [Int: Double]]

  init(_ records: [WindowSeries.Record]) {
    self.records = records
    func corrected(_ windows: [SeriesCorrection.Window]) -> [Int: [Double]] {
      Dictionary(zip(windows.map(\.number), SeriesCorrection.corrected(windows))) { first, _ in first }
    }
    changes = corrected(records.map { SeriesCorrection.Window(number: $0.number, pValues: $0.changePValues) })
    var windows: [String: [SeriesCorrection.Window]] = [:]
    for record in records {
      // A policy may demand the same twice.
      for demand in record.demands where windows[demand.demand]?.last?.number != record.number {
        windows[demand.demand, default: []].append(
          SeriesCorrection.Window(number: record.number, pValues: [demand.pValue]))
      }
    }
    demands = windows.mapValues { corrected($0).compactMapValues(\.first) }
  }

  func corrected(_ report: WindowReport, _ record: WindowSeries.Record, isNew: Bool) -> WindowReport {
    var report = report
    var own = (changes[record.number] ?? [])[...]
    for index in report.drifts.indices where report.drifts[index].finding.value != nil {
      let value = own.popFirst() ?? 1
      report.drifts[index].finding = report.drifts[index].finding.map { finding in
        var finding = finding
        finding.adjustedPValue = value
        return finding
      }
    }
    report.demands = report.demands.map { demand in
      demand.corrected(demand.pValue == nil ? nil : demands[demand.name]?[record.number] ?? 1)
    }
    report.series = SeriesPosition(
      number: record.number, judgedAt: record.judgedAt, isNew: isNew,
      together: records.map(\.number), changes: changes.values.reduce(0) { $0 + $1.count },
      demands: demands.count)
    return report
  }
}

/// Where a window stands in its series, and what its correction counts.
package struct SeriesPosition: Equatable, Sendable {
  /// From 1; 0 before it is judged.
  package var number = 0
  package var judgedAt = ""
  /// Whether it had not been judged before.
  package var isNew = true
  /// The numbers of the windows that were judged with it, its own among them.
  package var together: [Int] = []
  /// The figures of all these windows that are tested for a change.
  package var changes = 0
  /// The demands of the policy that they are judged by, each of which is corrected over the windows by itself.
  package var demands = 0

  /// The share of .05 that these windows may spend.
  package var level: Double { SeriesCorrection.level * SeriesCorrection.weight(ofWindows: together) }
}

/// The file in which a series is kept, beside its reference unless another is named.
package struct WindowSeriesFile: Sendable {
  package static let defaultName = "monitor-series.json"
  /// The names of the file and of its lock.
  static let defaultNames: Set<String> = [defaultName, defaultName + ".lock"]

  package let path: String

  package init(path: String) { self.path = path }

  private static let version = 1

  private struct Document: Codable {
    let version: Int
    let reference: String
    let windows: [WindowSeries.Record]
  }

  private struct Version: Codable {
    let version: Int
  }

  /// Lets `body` add to the series while no other process does, then writes it.
  ///
  /// - Parameter reference: The digest that the series must have; a new one begins where there is no file.
  /// - Throws: `MonitoringError` if the file cannot be read or written, is not a series of this version, or belongs to
  ///   another reference; and what `body` throws, nothing being written then.
  package func update<Result>(
    reference: ContentHash, _ body: (inout WindowSeries) throws -> Result
  ) throws -> Result {
    let lock = path + ".lock"
    do {
      return try FileLock.whileLocked(lock) {
        let old = try read(reference: reference)
        var series = old
        let result = try body(&series)
        if series != old { try write(series) }
        return result
      }
    } catch let error as FileError where error.file == lock {
      throw unwritable(error)
    }
  }

  private func write(_ series: WindowSeries) throws {
    let document = Document(
      version: Self.version, reference: series.reference.description, windows: series.windows)
    let bytes = try JSONDocument.bytes(of: document)
    do throws(FileError) {
      try DurableFile.write(bytes, to: path)
    } catch {
      throw unwritable(error)
    }
  }

  private func unwritable(_ error: FileError) -> MonitoringError {
    MonitoringError(
      path,
      "cannot be written (\(error.reason)); the windows that have been judged are kept there, so that later ones are "
        + "corrected with them. Name a file for them with --series")
  }

  /// The series in the file, or a new one where there is none.
  func read(reference: ContentHash) throws(MonitoringError) -> WindowSeries {
    guard FileManager.default.fileExists(atPath: path) else { return WindowSeries(reference: reference) }
    let data: Data
    do throws(FileError) {
      data = Data(try FileBytes.read(path))
    } catch {
      throw MonitoringError(path, "cannot be read (\(error.reason)); name another file with --series")
    }
    let wayOut =
      "; bring back a copy of it, or move it away to begin a new series, in which windows judged before do not count"
    guard let version = try? JSONDocument.decode(Version.self, from: data).version else {
      throw MonitoringError(path, "is not a series of windows" + wayOut)
    }
    guard version == Self.version else {
      throw MonitoringError(
        path,
        "is a series of version \(version), and this Tenbin reads version \(Self.version); use the Tenbin that wrote it, "
          + "or move it away to begin a new series")
    }
    guard let document = try? JSONDocument.decode(Document.self, from: data),
      let series = WindowSeries(reference: document.reference, windows: document.windows)
    else { throw MonitoringError(path, "is damaged" + wayOut) }
    guard series.reference == reference else {
      throw MonitoringError(
        path,
        "belongs to another reference, or to another arm or seed of it; name a file for this one with --series, or move "
          + "it away to begin a new series")
    }
    return series
  }
}

extension WindowSeries {
  /// nil for what no series can hold: other numbers than 1, 2, 3 …, or p-values that are none.
  fileprivate init?(reference: String, windows: [Record]) {
    guard let reference = ContentHash(hexadecimal: reference) else { return nil }
    for (index, window) in windows.enumerated() {
      let isNumbered = window.number == index + 1 && (1...window.number).contains(window.firstTogether)
      let values = window.changePValues + window.demands.map(\.pValue)
      guard isNumbered, values.allSatisfy({ (0...1).contains($0) }),
        ContentHash(hexadecimal: window.content) != nil, ContentHash(hexadecimal: window.figures) != nil
      else { return nil }
    }
    self.reference = reference
    self.windows = windows
  }
}
