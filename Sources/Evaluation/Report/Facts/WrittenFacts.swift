package import Foundation

/// The costs that an audit has written, read back from its costs.json.
package struct WrittenCosts: Sendable, Equatable {
  package let workers: Int
  package let costs: [PhaseCost]

  /// - Throws: `DecodingError` for anything but a costs.json.
  package init(_ bytes: Data) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let document = try decoder.decode(Document.self, from: bytes)
    workers = document.workers
    costs = document.costs.compactMap { cost in
      guard let phase = AuditPhase(rawValue: cost.phase) else { return nil }
      return PhaseCost(
        arm: cost.arm, phase: phase, wallSeconds: cost.wallSeconds, workerSeconds: cost.workerSeconds,
        processorSeconds: cost.processorSeconds, coordinatorProcessorSeconds: cost.coordinatorProcessorSeconds,
        bytesSent: cost.bytesSent, bytesReceived: cost.bytesReceived, peakResidentBytes: cost.peakResidentBytes)
    }
  }

  private struct Document: Decodable {
    struct Cost: Decodable {
      let arm: String
      let phase: String
      let wallSeconds: Double
      let workerSeconds: Double
      let processorSeconds: Double
      let coordinatorProcessorSeconds: Double
      let bytesSent: Int
      let bytesReceived: Int
      let peakResidentBytes: Int
    }

    let workers: Int
    let costs: [Cost]
  }
}

/// The arms as an audit has described them, read back from its results.json.
package struct WrittenArms: Sendable, Equatable {
  package let arms: [ArmDescription]
  /// The names of those whose rate and epochs were chosen from several candidates.
  package let searched: Set<String>

  /// - Throws: `DecodingError` for anything but a results.json.
  package init(_ bytes: Data) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let document = try decoder.decode(Document.self, from: bytes)
    searched = Set((document.search?.arms ?? []).filter { $0.candidates.count > 1 }.map(\.arm))
    arms = document.arms.compactMap { arm in
      guard let kind = ArmKind(rawValue: arm.kind) else { return nil }
      return ArmDescription(
        name: arm.name, kind: kind, trainableParameters: arm.trainableParameters, rank: arm.rank,
        dropout: arm.dropout.value ?? 0, isRankStabilized: arm.rankStabilized, epochs: arm.epochs,
        rate: arm.learningRate.value)
    }
  }

  private struct Document: Decodable {
    /// A number, or an object that says why there is none.
    struct Figure: Decodable {
      let value: Double?

      init(from decoder: any Decoder) throws {
        value = try? decoder.singleValueContainer().decode(Double.self)
      }
    }

    struct Arm: Decodable {
      let name: String
      let kind: String
      let trainableParameters: Int
      let rank: Int?
      let dropout: Figure
      let rankStabilized: Bool
      let epochs: Int?
      let learningRate: Figure
    }

    struct Search: Decodable {
      struct Arm: Decodable {
        struct Candidate: Decodable {}

        let arm: String
        let candidates: [Candidate]
      }

      let arms: [Arm]
    }

    let arms: [Arm]
    let search: Search?
  }
}
