import Checkpoints
import Foundation
import Torch

/// A process that computes one batch's gradients, seen from the one that asks: parameters in, loss and gradient out, as
/// raw 32-bit floats through pipes.
final class StepRank {
  private let child = Process()
  private let input = Pipe()
  private let output = Pipe()

  init(command: [String]) throws {
    child.executableURL = URL(fileURLWithPath: command[0])
    child.arguments = Array(command.dropFirst())
    child.standardInput = input
    child.standardOutput = output
    try child.run()
  }

  /// Waits until the process has built its model.
  func waitUntilReady() throws {
    guard try output.fileHandleForReading.floats(1) != nil else { throw BenchmarkError.rankEnded }
  }

  var process: Int32 { child.processIdentifier }

  func send(_ values: [Float]) throws {
    try input.fileHandleForWriting.write(contentsOf: values.withUnsafeBytes { Data($0) })
  }

  func receive(count: Int) throws -> (lossSum: Double, gradient: [Float]) {
    guard let floats = try output.fileHandleForReading.floats(count + 1), let loss = floats.first else {
      throw BenchmarkError.rankEnded
    }
    return (Double(loss), Array(floats.dropFirst()))
  }

  func end() {
    try? input.fileHandleForWriting.close()
    child.waitUntilExit()
  }
}

extension StepBenchmark {
  /// Serves one rank of a benchmark until standard input ends.
  package static func serveRank(_ settings: StepSettings, index: Int) throws {
    try TorchLibrary.setThreads(settings.threads)
    let workload = try StepWorkload(settings, checkpoint: CheckpointFolder(path: settings.model), rank: index)
    try FileHandle.standardOutput.write(contentsOf: Data(count: 4))
    while let values = try FileHandle.standardInput.floats(workload.layout.count) {
      let sum = try workload.gradientSum(values)
      let floats = [Float(sum.lossSum)] + sum.gradient
      try FileHandle.standardOutput.write(contentsOf: floats.withUnsafeBytes { Data($0) })
    }
  }
}

extension FileHandle {
  /// The next `count` floats, nil at the end of the file.
  fileprivate func floats(_ count: Int) throws -> [Float]? {
    var bytes = Data()
    while bytes.count < 4 * count {
      guard let part = try read(upToCount: 4 * count - bytes.count), !part.isEmpty else { return nil }
      bytes += part
    }
    return bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }
}
