import Torch

/// The input of every block of a Llama in addition to the hidden states.
struct LlamaContext {
  /// The angles of all tokens.
  let angles: RotaryEmbedding.Angles
  /// The angles of the tokens that ask.
  let queryAngles: RotaryEmbedding.Angles
  /// [batch or 1, queries, keys], nil if every query sees every key.
  let mask: Tensor?
  let cache: KeyValueCache?
  /// The rows of the flattened tokens that ask, one per text; nil for all.
  private let rows: [Int]?
  private let device: Device

  init(angles: RotaryEmbedding.Angles, mask: Tensor?, cache: KeyValueCache?) {
    self.init(angles: angles, queryAngles: angles, mask: mask, cache: cache, rows: nil, device: .cpu)
  }

  private init(
    angles: RotaryEmbedding.Angles, queryAngles: RotaryEmbedding.Angles, mask: Tensor?, cache: KeyValueCache?,
    rows: [Int]?, device: Device
  ) {
    self.angles = angles
    self.queryAngles = queryAngles
    self.mask = mask
    self.cache = cache
    self.rows = rows
    self.device = device
  }

  /// The context in which one token a text asks, that at `positions` among its `length`.
  func pooling(_ positions: [Int], of length: Int, on device: Device) throws(TorchError) -> LlamaContext {
    let rows = positions.enumerated().map { $0.offset * length + $0.element }
    var selected: Tensor?
    if let mask {
      // A mask that all texts share has the rows of the first only.
      let maskRows = mask.shape.first == 1 ? positions : rows
      selected = try mask.selectedRows(maskRows, on: device).reshaped([positions.count, 1, -1])
    }
    return LlamaContext(
      angles: angles, queryAngles: try angles.selected(positions, on: device), mask: selected, cache: cache,
      rows: rows, device: device)
  }

  /// The tokens that ask among `tokens` [batch, tokens, hidden]: all, or one per text [batch, 1, hidden].
  func pooled(_ tokens: Tensor) throws(TorchError) -> Tensor {
    guard let rows else { return tokens }
    return try tokens.selectedRows(rows, on: device).reshaped([rows.count, 1, -1])
  }
}

/// Which keys each query sees: keys of its own text, up to itself, and no further back than the window.
struct AttentionMask {
  let isText: [[Bool]]
  let window: Int?

  /// Added to scores, hides a key in either type, and keeps a query that sees nothing at all finite.
  private static let hidden: Float = -1e9

  /// [texts or 1, queries, keys] of 0 or a large negative number, nil if nothing is hidden.
  func tensor(queries: Range<Int>, in type: ScalarType, on device: Device) throws -> Tensor? {
    // Without padding all texts share one mask.
    let texts = isText.allSatisfy { $0.allSatisfy(\.self) } ? Array(isText.prefix(1)) : isText
    let keys = texts.first?.count ?? 0
    var hides = false
    var values = [Float](repeating: 0, count: texts.count * queries.count * keys)
    var position = 0
    for text in texts {
      for query in queries {
        let first = window.map { query - $0 + 1 } ?? 0
        for key in 0..<keys {
          if key > query || key < first || !text[key] {
            values[position] = Self.hidden
            hides = true
          }
          position += 1
        }
      }
    }
    guard hides else { return nil }
    return try Tensor.copying(values, shape: [texts.count, queries.count, keys], on: device).converted(to: type)
  }
}

/// Keys and values of the tokens that a model has seen, layer by layer and head by head, so that a further token costs
/// one row.
final class KeyValueCache {
  /// Tokens seen.
  private(set) var length = 0
  /// Tokens that there is room for.
  private let capacity: Int
  private let type: ScalarType
  private let device: Device
  private var layers: [Int: (keys: Tensor, values: Tensor)] = [:]

  init(capacity: Int, type: ScalarType, device: Device) {
    (self.capacity, self.type, self.device) = (capacity, type, device)
  }

  /// Room for the keys and values of `layer`, whose first `length` rows belong to the tokens seen:
  /// [texts · heads, capacity, head size] each.
  func room(
    layer: Int, texts: Int, heads: Int, headSize: Int
  ) throws(TorchError) -> (keys: Tensor, values: Tensor) {
    if let known = layers[layer] { return known }
    func zeros() throws(TorchError) -> Tensor {
      try Tensor.zeros([texts * heads, capacity, headSize], on: device).converted(to: type)
    }
    let room = (keys: try zeros(), values: try zeros())
    layers[layer] = room
    return room
  }

  func advance(by tokens: Int) { length += tokens }
}
