/// The part of a model below everything that is trained: what it computes depends on the item alone, so that it need
/// be computed once for all steps, epochs and models.
package enum FrozenPrefix: Hashable, Sendable {
  /// The embedding and so many blocks.
  case blocks(Int)
  /// All but the head.
  case features

  /// Of a prefix that ends between blocks.
  package var blockCount: Int? { if case .blocks(let count) = self { count } else { nil } }
}

extension TrainableLayout {
  /// What lies below the lowest adapted layer; nil where that is no whole block.
  package var frozenPrefix: FrozenPrefix? {
    switch method {
    case .head: return .features
    case .full: return nil
    case .lora(let lora):
      let lowest = (try? lora.linears(in: configuration.architecture))?.map(\.layer).min() ?? 0
      return lowest > 0 ? .blocks(lowest) : nil
    }
  }
}
