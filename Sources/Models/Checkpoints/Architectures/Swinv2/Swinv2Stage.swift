/// The sizes in one stage of a Swin Transformer v2.
package struct Swinv2Stage: Hashable, Sendable {
  package let index: Int
  package let blockCount: Int
  package let channels: Int
  /// Width of the hidden layer of each block's MLP.
  package let intermediateSize: Int
  package let headCount: Int
  /// Height and width of the feature map, in patches.
  package let height: Int
  package let width: Int
  /// Side of the windows.
  package let window: Int
  /// How far the windows of every second block are shifted; 0 where one window spans the map.
  package let shift: Int
  /// Side of the windows in pretraining, 0 where there was none.
  package let pretrainedWindow: Int
}

extension Swinv2Configuration {
  /// The stages from the first to the last, each on a map of half the height and width, rounded up.
  ///
  /// As in `transformers`, windows are clipped to the height of the map had it been rounded down all the way.
  package var stages: [Swinv2Stage] {
    var height = Self.ceiling(imageSize.height, by: patchSize.height)
    var width = Self.ceiling(imageSize.width, by: patchSize.width)
    return depths.indices.map { index in
      defer { (height, width) = (Self.ceiling(height, by: 2), Self.ceiling(width, by: 2)) }
      let channels = embeddingSize << index
      let nominalHeight = (imageSize.height / patchSize.height) >> index
      return Swinv2Stage(
        index: index, blockCount: depths[index], channels: channels,
        intermediateSize: Int(expansionRatio * Double(channels)), headCount: headCounts[index], height: height,
        width: width, window: min(nominalHeight, windowSize), shift: nominalHeight > windowSize ? windowSize / 2 : 0,
        pretrainedWindow: pretrainedWindowSizes[index])
    }
  }

  private static func ceiling(_ size: Int, by part: Int) -> Int { (size + part - 1) / part }
}
