internal import Support

/// Buffers that are used again and again: fresh memory of a model's size costs as much as adding two gradients.
final class ScratchBuffers {
  private var buffers: [FloatBuffer] = []

  /// A buffer of `count` numbers, of whatever value, that nobody else holds.
  func buffer(count: Int) -> FloatBuffer {
    for index in buffers.indices where buffers[index].count == count {
      if isKnownUniquelyReferenced(&buffers[index]) { return buffers[index] }
    }
    buffers.removeAll { $0.count != count }
    let made = FloatBuffer(repeating: 0, count: count)
    buffers.append(made)
    return made
  }
}
