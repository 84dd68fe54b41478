internal import Foundation
internal import Support
internal import Torch
internal import Transport

/// Everything that the bits of a worker's results depend on; workers of one audit must share it.
struct WorkerFingerprint {
  let device: Device
  let message: Tenbin_Fingerprint

  /// - Throws: `TorchError` when there is no such device or it cannot be used.
  init(device name: String) throws {
    let device = try Device(named: name)
    // The same for every worker; the audit's own number of threads is part of its plan.
    try TorchLibrary.setThreads(1)
    var message = Tenbin_Fingerprint()
    message.processor = Self.processor
    message.libtorch = TorchLibrary.version
    message.device = device.rawValue
    message.canary = Data(try Self.canary(on: device).bytes)
    self.device = device
    self.message = message
  }

  /// The digest of a fixed forward and backward pass through the operations that models are made of.
  private static func canary(on device: Device) throws -> ContentHash {
    let (batch, tokens, width, classes) = (2, 5, 32, 3)
    var generator = RandomKey(seed: 1)[.canary].generator
    func draw(_ count: Int) -> [Float] { (0..<count).map { _ in Float(generator.normal()) } }
    let inputs = try Tensor.copying(draw(batch * tokens * width), shape: [batch, tokens, width], on: device)
    // [width, width] weights of a linear layer, [width] scales of a norm, [classes, width] weights of a head.
    let sizes = [width * width, width, classes * width]
    let count = sizes.reduce(0, +)
    let buffer = try Tensor.zeros([count], on: device)
    try draw(count).withUnsafeBufferPointer { try buffer.write($0) }
    let weight = try buffer.parameter(at: 0, shape: [width, width])
    let scale = try buffer.parameter(at: sizes[0], shape: [width])
    let head = try buffer.parameter(at: sizes[0] + sizes[1], shape: [classes, width])
    let zeros = try Tensor.zeros([width], on: device)
    let hidden = try inputs.linear(weight: weight, bias: nil).gelu().layerNorm(
      weight: scale, bias: zeros, epsilon: 1e-6)
    let attended = try hidden.attention(key: hidden, value: hidden, heads: 4)
    let logits = try attended.narrowed(1, 0..<1).reshaped([batch, width]).linear(weight: head, bias: nil)
    let loss = try logits.crossEntropySum(labels: try Tensor.copying(integers: [0, 2], on: device))
    return ContentHash(of: try Autograd.gradients(of: loss, for: [weight, scale, head], count: count))
  }

  private static var processor: String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let model = lines.split(separator: "\n").first { $0.hasPrefix("model name") || $0.hasPrefix("CPU part") }
    return model?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
  }
}
