import Checkpoints
import Foundation

/// The result of a step benchmark, with the field names of the peer program `ddp_step.py`.
package struct StepMeasurement: Codable, Sendable {
  package var architecture: String
  package var method: String
  package var precision: String
  package var world: Int
  package var threads: Int
  package var batchPerRank: Int
  package var medianStepSeconds: Double
  package var minimumStepSeconds: Double
  package var samplesPerSecond: Double
  package var trainableParameters: Int
  /// The peak of the largest rank; pages of a shared base count in full.
  package var peakResidentMebibytes: Int
  /// The peak of the ranks' proportional memory together; nil for one rank.
  package var peakProportionalMebibytes: Int?
  /// The mean loss of the last step.
  package var loss: Double
  /// The share of a step in which the busiest worker does not compute; nil without a coordinator.
  package var outsideShare: Double?

  enum CodingKeys: String, CodingKey {
    case architecture = "arch"
    case method
    case precision = "dtype"
    case world
    case threads
    case batchPerRank = "batch_per_rank"
    case medianStepSeconds = "median_step_s"
    case minimumStepSeconds = "min_step_s"
    case samplesPerSecond = "samples_per_s"
    case trainableParameters = "trainable"
    case peakResidentMebibytes = "peak_rss_mib"
    case peakProportionalMebibytes = "peak_pss_sum_mib"
    case loss
    case outsideShare = "outside_share"
  }

  /// - Parameter seconds: of each measured step, at least one.
  init(
    _ settings: StepSettings, world: Int, seconds: [Double], trainable: Int, peakResidentBytes: Int,
    peakProportionalBytes: Int?, loss: Double, outsideShare: Double? = nil
  ) {
    let sorted = seconds.sorted()
    let median = sorted[sorted.count / 2]
    func rounded(_ value: Double, _ digits: Double) -> Double { (value * digits).rounded() / digits }
    architecture = settings.model
    method =
      switch settings.method {
      case .full: "full"
      case .lora: "lora"
      case .head: "head"
      }
    precision = settings.precision.rawValue
    self.world = world
    threads = settings.threads
    batchPerRank = settings.batch
    medianStepSeconds = rounded(median, 1e4)
    minimumStepSeconds = rounded(sorted[0], 1e4)
    samplesPerSecond = rounded(Double(settings.batch * world) / median, 1e3)
    trainableParameters = trainable
    peakResidentMebibytes = peakResidentBytes >> 20
    peakProportionalMebibytes = peakProportionalBytes.map { $0 >> 20 }
    self.loss = loss
    self.outsideShare = outsideShare.map { rounded($0, 1e4) }
  }
}
