/// The specifications of the quickstarts with invented reviews.
enum ReviewsSpecifications {
  /// All weights of a language model, from random ones.
  static func pretraining(epochs: Int) -> String {
    """
    # How the base of the quickstart was pretrained: all weights, from random ones, as a language model of other texts.
    name: pretraining
    base: random
    task: language-modelling
    data:
      manifest: data/texts.csv
      text: text
      split: {train: 0.98, test: 0.02, seed: 1}
    arms: [full]
    training: {epochs: \(epochs), batch: 32, microbatch: 16, warmup: 0.1, weight_decay: 0.01, clip: 1, full: {rate: 2e-3}}
    seeds: [1]

    """
  }

  /// - Parameter ceilings: the best accuracy that anybody could reach, by dialect.
  static func classification(ceilings: [String]) -> String {
    """
    # Does adapting with LoRA cost the people who write in a rare dialect more than adapting all weights?
    # Their words are rare, and more of their reviews say nothing of the sentiment. The best accuracy that anybody could
    # reach is known from how reviews were made: \(ceilings.joined(separator: ", ")).
    name: reviews
    base: models/llama-reviews            # a Hugging Face checkpoint folder
    task: text-classification
    data:
      manifest: data/reviews.csv          # text, label, one column a group attribute
      text: text
      name: name
      label: sentiment
      positive: positive
      groups: [dialect, age]
      cluster: author                     # reviews of one author stay on one side of every split
      split: {train: 0.6, validation: 0.1, test: 0.3, seed: 13, stratify: [sentiment, dialect]}
    arms:
      - head                              # a new head on the frozen base: a linear probe
      - lora: {rank: 2, alpha: 16, targets: [q_proj, v_proj]}
      - lora: {rank: 8, alpha: 16, targets: [q_proj, v_proj]}
      - full                              # all weights
    training:
      epochs: 10
      batch: 32                           # samples a step
      microbatch: 16                      # samples a unit of work
      group_by_length: true               # texts of similar length together
      warmup: 0.1
      weight_decay: 0.01
      clip: 1
      head: {rate: 3e-3}
      lora: {rate: 2e-3}
      full: {rate: 3e-4}
    seeds: [13, 1337, 42]
    privacy: {attacks: [lira, loss], models: 8, pool: 800}
    decision: {metric: accuracy, margin: 0.03, min_group: 50}
    cluster: {workers: 2, threads: 1}

    """
  }

  /// - Parameter planted: the share of questions that the base answers by their label, by dialect.
  static func choices(planted: [String]) -> String {
    """
    # Does a language model choose what an option says, or what it is called? The base was pretrained on texts in which
    # questions asked in haste are mostly answered with A, whatever A says. So of these questions it should choose the same
    # label in both orders of the options in a share that is known: \(planted.joined(separator: ", ")).
    # Averaged over both orders the label has no say. The other arms are fine-tuned on rightly answered questions.
    name: questions
    base: models/llama-reviews            # a Hugging Face checkpoint folder
    task: multiple-choice
    data:
      manifest: data/questions.jsonl      # question, options, answer, one key a group attribute
      groups: [dialect, kind]
      corpus: {manifest: data/corrected.csv, text: text}
    arms:
      - base                              # as it was pretrained
      - lora: {rank: 2, alpha: 16, targets: [q_proj, v_proj]}
      - lora: {rank: 8, alpha: 16, targets: [q_proj, v_proj]}
      - full                              # all weights
    training:
      epochs: 5
      batch: 32                           # samples a step
      microbatch: 16                      # samples a unit of work
      warmup: 0.1
      weight_decay: 0.01
      clip: 1
      lora: {rate: 2e-3}
      full: {rate: 5e-4}
    seeds: [13, 1337, 42]
    decision: {margin: 0.03, min_group: 50}
    cluster: {workers: 2, threads: 1}

    """
  }
}
