package import Support
package import Torch

/// Inverted dropout (Srivastava et al. 2014) of what LoRA's factors A see, as PEFT has it: every element is dropped
/// with the same probability, and those that stay are scaled up, so that the mean stays too.
///
/// Each item draws from its own key, and each module from a sub-stream of it, so that the bits depend neither on the
/// micro-batch that an item is in nor on the worker that computes it.
package final class LoRADropout: AdapterDropout {
  /// One key per item of the current batch, in its order; empty without dropout.
  package var keys: [RandomKey] = []
  private let device: Device
  /// Draws below this are dropped, of 2¹⁶.
  private let threshold: UInt16
  /// 1 / (1 − probability), with the probability that the threshold stands for.
  private let kept: Float

  /// nil if `probability` drops nothing.
  package init?(probability: Double, device: Device) {
    guard probability > 0 else { return nil }
    let drawn = min(max((probability * 0x1p16).rounded(), 1), 0x1p16 - 1)
    threshold = UInt16(drawn)
    kept = Float(1 / (1 - drawn * 0x1p-16))
    self.device = device
  }

  /// What `input`, [items · n, ..., inputs], is multiplied by: zero or 1 / (1 − probability). nil outside training.
  package func mask(for input: Tensor, of module: String) throws(TorchError) -> Tensor? {
    guard !keys.isEmpty else { return nil }
    let shape = input.shape
    guard let rows = shape.first, rows % keys.count == 0 else {
      throw .shape(operation: "dropout", expected: "a multiple of \(keys.count) items", found: shape)
    }
    let count = input.count
    let perItem = count / keys.count
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      for (item, key) in keys.enumerated() {
        var generator = key[module].generator
        for first in stride(from: item * perItem, to: (item + 1) * perItem, by: 4) {
          var word = generator.next()
          for position in first..<min(first + 4, (item + 1) * perItem) {
            buffer.initializeElement(at: position, to: UInt16(truncatingIfNeeded: word) < threshold ? 0 : kept)
            word >>= 16
          }
        }
      }
      initialized = count
    }
    return try Tensor.copying(values, shape: shape, on: device)
  }
}
