internal import Foundation

extension AuditForecast {
  /// JSON with sorted keys; bytes and seconds are plain numbers; `seconds` is absent where nothing was measured.
  package var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .withoutEscapingSlashes, .sortedKeys]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      return String(decoding: try encoder.encode(Document(self)), as: UTF8.self)
    }
  }

  private struct Document: Encodable {
    let specification: AuditWorkload
    let total: AuditWorkload.Work
    let workers: Int
    let memoryBytes: MemoryForecast
    let diskBytes: DiskForecast
    let seconds: TimeForecast?
    let timeBasis: String
    let availableMemoryBytes: Int
    let freeOutputBytes: Int?
    let freeCacheBytes: Int?
    let warnings: [String]

    init(_ forecast: AuditForecast) {
      specification = forecast.workload
      total = forecast.workload.total
      workers = forecast.workers
      memoryBytes = forecast.memory
      diskBytes = forecast.disk
      seconds = forecast.time
      timeBasis = forecast.timeBasis
      availableMemoryBytes = forecast.capacity.availableMemory
      freeOutputBytes = forecast.capacity.freeOutput
      freeCacheBytes = forecast.capacity.freeCache
      warnings = forecast.warnings
    }
  }
}
