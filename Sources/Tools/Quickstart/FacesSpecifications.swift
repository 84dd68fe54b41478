/// The two specifications of the quickstart with faces.
enum FacesSpecifications {
  /// A `full` run from random weights on another label of other people.
  static let pretraining = """
    # How the base of the quickstart was pretrained: all weights, from random ones, on another label of other faces.
    name: pretraining
    base: random
    task: image-classification
    data:
      manifest: data/faces.csv
      label: accessory
      groups: [lighting]
      cluster: person
      split: {train: 0.9, test: 0.1, seed: 1, stratify: [accessory, lighting]}
    arms: [full]
    training: {epochs: 25, batch: 32, microbatch: 16, warmup: 0.1, weight_decay: 0.01, full: {rate: 1e-3}}
    seeds: [1]

    """

  /// - Parameter ceilings: the best possible accuracy, by lighting.
  static func audit(ceilings: [String]) -> String {
    """
    # Does adapting with LoRA cost the people who are photographed at dusk more than adapting all weights?
    # Those pictures are rare and have less contrast. The best possible accuracy is known from how they
    # were drawn: \(ceilings.joined(separator: ", ")).
    name: quickstart
    base: models/vit-faces                # a Hugging Face checkpoint folder
    task: image-classification
    data:
      manifest: data/faces.csv            # path, label, one column a group attribute
      label: expression
      positive: smiling
      groups: [lighting, age]
      cluster: person                     # pictures of one person stay on one side of every split
      split: {train: 0.6, validation: 0.1, test: 0.3, seed: 13, stratify: [expression, lighting]}
    arms:
      - head                              # a new head on the frozen base: a linear probe
      - lora: {rank: 2, alpha: 16, targets: [query, value]}
      - lora: {rank: 8, alpha: 16, targets: [query, value]}
      - full                              # all weights
    training:
      epochs: 20
      batch: 32                           # samples a step
      microbatch: 16                      # samples a unit of work
      warmup: 0.1
      weight_decay: 0.01
      head: {rate: 3e-3}
      lora: {rate: 2e-3}
      full: {rate: 3e-4}
    seeds: [13, 1337, 42]
    privacy: {attacks: [lira, loss], models: 8, pool: 800}
    decision: {metric: accuracy, margin: 0.03, min_group: 50}
    report: {samples: 3}                  # pictures a group in the report; these people do not exist
    cluster: {workers: 2, threads: 1}

    """
  }
}
