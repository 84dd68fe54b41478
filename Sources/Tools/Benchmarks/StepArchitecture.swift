import Checkpoints

/// The architectures that the step benchmark knows by name: those of the peer program and of the study's image models.
enum StepArchitecture: String, CaseIterable {
  case vitBase = "vit-base"
  case vitTiny = "vit-tiny"
  /// For images of 32 pixels, cut into 64 patches.
  case vitTiny32 = "vit-tiny-32"
  case swinv2Tiny = "swinv2-tiny"
  case swinv2Large = "swinv2-large"
  case llama160M = "llama-160m"
  case mistral160M = "mistral-160m"

  var configuration: ModelConfiguration {
    let labels = ["no", "yes"]
    switch self {
    case .vitBase, .vitTiny, .vitTiny32:
      let isBase = self == .vitBase
      let (image, patch) = self == .vitTiny32 ? (32, 4) : (224, 16)
      return .vit(
        ViTConfiguration(
          hiddenSize: isBase ? 768 : 192, layerCount: 12, headCount: isBase ? 12 : 3,
          intermediateSize: isBase ? 3072 : 768, imageSize: ImageExtent(side: image),
          patchSize: ImageExtent(side: patch),
          labels: labels))
    case .swinv2Tiny:
      return .swinv2(
        Swinv2Configuration(
          imageSize: ImageExtent(side: 256), patchSize: ImageExtent(side: 4), embeddingSize: 96, depths: [2, 2, 6, 2],
          headCounts: [3, 6, 12, 24], windowSize: 8, labels: labels))
    case .swinv2Large:
      return .swinv2(
        Swinv2Configuration(
          imageSize: ImageExtent(side: 192), patchSize: ImageExtent(side: 4), embeddingSize: 192,
          depths: [2, 2, 18, 2], headCounts: [6, 12, 24, 48], windowSize: 12, labels: labels))
    case .llama160M, .mistral160M:
      let isLlama = self == .llama160M
      return .llama(
        LlamaConfiguration(
          family: isLlama ? .llama : .mistral, vocabularySize: 32_000, hiddenSize: 768, intermediateSize: 2048,
          layerCount: 12, headCount: 12, keyValueHeadCount: isLlama ? 12 : 4, slidingWindow: isLlama ? nil : 4096,
          paddingToken: 0, labels: labels))
    }
  }
}
