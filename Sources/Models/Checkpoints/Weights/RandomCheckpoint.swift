package import Support

/// Weights of a model that was never trained.
package enum RandomCheckpoint {
  /// A flat buffer in the order of the `.full` layout, filled as `transformers` fills a new model: normal weights, class
  /// token and position embeddings of standard deviation `initializer_range`, zero biases, layer norms of ones.
  package static func values(configuration: ModelConfiguration, head: ModelHead, key: RandomKey) -> [Float] {
    let architecture = configuration.architecture
    let tensors = architecture.backboneTensors + architecture.headTensors(head)
    return tensors.flatMap { $0.fresh.values(count: $0.count, key: key[$0.name]) }
  }
}
