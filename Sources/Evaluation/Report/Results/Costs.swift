package import Foundation
internal import Support

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
