/// The specifications of the quickstarts with invented reviews.
enum ReviewsSpecifications {
  /// Pretraining of a language model from random weights.
  static func pretraining(epochs: Int) -> String {
    """
    # How the base of the quickstart was pretrained: from random weights, as a language model of other texts.
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

  /// - Parameter ceilings: the best possible accuracy, by dialect.
  static func classification(ceilings: [String]) -> String {
    """
    # Does adapting with LoRA cost the people who write in a rare dialect more than adapting all weights?
    # Their words are rare, and more of their reviews say nothing of the sentiment. The best possible accuracy
    # is known from how reviews were made: \(ceilings.joined(separator: ", ")).
    name: reviews
    base: models/llama-reviews            # a Hugging Face checkpoint folder
    task: text-classification
    data:
      manifest: data/reviews.csv          # text, label, one column per group attribute
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
      batch: 32                           # samples per step
      microbatch: 16                      # samples per unit of work
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

  /// - Parameter planted: the share of questions that the base answers by the option's label, by dialect.
  static func choices(planted: [String]) -> String {
    """
    # Does a language model choose by an option's content, or by its label? The base was pretrained on texts in which
    # questions asked in haste are mostly answered with A, whatever A says. So the share of these
    # questions for which it chooses the same label in both orders of the options is known:
    # \(planted.joined(separator: ", ")).
    # Averaging over both orders cancels the label. The other arms are fine-tuned on correctly answered questions.
    name: questions
    base: models/llama-reviews            # a Hugging Face checkpoint folder
    task: multiple-choice
    data:
      manifest: data/questions.jsonl      # question, options, answer, one key per group attribute
      groups: [dialect, kind]
      corpus: {manifest: data/corrected.csv, text: text}
    arms:
      - base                              # as it was pretrained
      - lora: {rank: 2, alpha: 16, targets: [q_proj, v_proj]}
      - lora: {rank: 8, alpha: 16, targets: [q_proj, v_proj]}
      - full                              # all weights
    training:
      epochs: 5
      batch: 32                           # samples per step
      microbatch: 16                      # samples per unit of work
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
