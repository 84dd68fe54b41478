import Audit
import Diagnostics
import Foundation

/// Measures a step of every method of an audit, with as many processes as will compute at a time, by
/// `tenbin-worker bench step`.
struct StepCalibration {
  let workload: AuditWorkload
  /// Processes that compute at a time.
  let processes: Int
  /// Bytes that new processes can have.
  let availableMemory: Int

  /// A base above this takes longer to load than a forecast should take.
  private static let largestBase = 2 << 30
  /// Seconds that one method may take.
  private static let patience = 120.0

  /// - Parameters:
  ///   - readingSeconds: what reading all items took one core.
  ///   - say: called with a line about each measurement.
  func run(readingSeconds: Double, say: (String) -> Void) -> Calibration {
    let methods = distinctMethods
    let program: String
    do throws(AuditError) {
      program = try WorkerProgram.path()
    } catch {
      return .leftOut(reason: "steps are measured with tenbin-worker, and \(error)")
    }
    if let reason = reasonAgainst { return .leftOut(reason: reason) }
    var steps: [AuditWorkload.Method: StepMeasurements.Step] = [:]
    for (number, method) in methods.enumerated() {
      // What is measured as a head without one is the base alone.
      let isForward = method == .head && !workload.arms.contains { $0.name == "head" }
      let what = isForward ? "a pass through the base" : "a step of \(method.description)"
      say("measuring \(what) (\(number + 1) of \(methods.count))")
      do {
        steps[method] = try measure(method, program: program)
      } catch {
        return .leftOut(reason: "\(what) could not be measured: \(error)")
      }
    }
    return .measured(
      StepMeasurements(
        processes: processes, samples: workload.microbatch, steps: steps, readingSeconds: readingSeconds))
  }

  /// The methods to measure: each once, and the head's for evaluations.
  private var distinctMethods: [AuditWorkload.Method] {
    var methods: [AuditWorkload.Method] = [.head]
    for arm in workload.arms where arm.method != .given && !methods.contains(arm.method) { methods.append(arm.method) }
    return methods
  }

  /// Why a measurement would take too much; nil if it would not.
  private var reasonAgainst: String? {
    let model = workload.model
    let byHand =
      "measure it by hand with: tenbin bench step --arch \(workload.base) --dtype \(workload.precision) "
      + "--batch \(workload.microbatch) --workers \(processes)"
    if model.convertedFileBytes > 0 {
      return "a measurement would write the base as \(workload.precision) into the cache; \(byHand)"
    }
    if model.frozenBytes > Self.largestBase {
      return "a base of more than \(Self.largestBase >> 30) GiB takes too long to load for a forecast; \(byHand)"
    }
    let trained = workload.arms.map(\.trainedParameters).max() ?? 0
    let need =
      model.frozenBytes
      + processes * (160 << 20 + 12 * trained + workload.microbatch * model.activationBytesPerSample) + 20 * trained
    if need > availableMemory { return "a measurement would take more memory than is available; \(byHand)" }
    return nil
  }

  /// Steps that are measured, and those before them: a few of a small model, whose times vary more.
  private var stepCounts: (measured: Int, before: Int) {
    switch workload.model.backboneParameters {
    case ..<3_000_000: (30, 5)
    case ..<30_000_000: (5, 1)
    default: (1, 1)
    }
  }

  private struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  /// The fields of `bench step`'s output that are used here.
  private struct Outcome: Decodable {
    let samplesPerSecond: Double
    let peakResidentMebibytes: Int

    enum CodingKeys: String, CodingKey {
      case samplesPerSecond = "samples_per_s"
      case peakResidentMebibytes = "peak_rss_mib"
    }
  }

  private func measure(_ method: AuditWorkload.Method, program: String) throws -> StepMeasurements.Step {
    var arguments = [
      "bench", "step", "--arch", workload.base, "--batch", "\(workload.microbatch)", "--dtype", workload.precision,
      "--threads", "\(workload.threads)", "--steps", "\(stepCounts.measured)", "--warmup", "\(stepCounts.before)",
      "--workers", "\(processes)",
    ]
    switch method {
    case .lora(let rank): arguments += ["--method", "lora", "--rank", "\(rank)"]
    case .full: arguments += ["--method", "full"]
    case .head, .given: arguments += ["--method", "head"]
    }
    let run = try ShortProcess.run(program, arguments, limit: Self.patience)
    guard run.exitCode == 0, !run.isTimedOut else { throw Problem(description: run.lastWord) }
    guard let outcome = try? JSONDecoder().decode(Outcome.self, from: Data(run.output.utf8)),
      outcome.samplesPerSecond > 0
    else { throw Problem(description: "it printed something other than a measurement") }
    return StepMeasurements.Step(
      samplesPerSecond: outcome.samplesPerSecond, residentBytes: outcome.peakResidentMebibytes << 20)
  }
}
