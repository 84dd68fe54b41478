extension AuditReport {
  /// The attacks on membership and what they are judged by.
  static let attackDefinitions = [
    (
      "Likelihood ratio attack",
      "LiRA (Carlini et al. 2022). Online: the log density of an item’s logit-scaled confidence among shadow models with "
        + "the item minus that among shadow models without it. Offline: how many standard deviations it lies above "
        + "those without it. Variances are pooled over items below 64 shadow models."
    ),
    (
      "Relative membership attack",
      "RMIA (Zarifzadeh et al. 2024), offline: the share of other items outside the training set whose probability, "
        + "relative to shadow models without them, the item’s reaches; with several queries in more than half of them."
    ),
    ("Loss threshold attack", "Items with a small loss are taken for members (Yeom et al. 2018)."),
    (
      "Loss trace attack",
      "The interquartile range of an item’s loss over the epochs (Pollock et al. 2024); needs no shadow models."
    ),
    (
      "Found at a false positive rate",
      "The true positive rate at the largest attainable false positive rate within the limit; undefined where there are "
        + "too few non-members for one false positive to be within it."
    ),
    (
      "Unequal vulnerability",
      "The largest difference between groups, and its expectation and p-value when group labels are permuted over "
        + "clusters."
    ),
    (
      "Difference of vulnerability",
      "An arm’s figure minus the reference’s on the same items, with whole clusters resampled in both together; the "
        + "p-value is of Student’s t."
    ),
  ]
}
