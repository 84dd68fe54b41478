/// The names of random streams.
///
/// **A name never changes, and a new purpose gets a new name.** `RandomKey` hashes the spelling into the key of the
/// stream: another spelling draws other numbers, and with them other splits, other initial weights, other intervals and
/// another `results.json`. Some spellings are older than the words that the code uses today; the case then has today's
/// word. `RandomStreamsTests` pins the list.
package enum RandomStreamName: String, CaseIterable, Sendable {
  // The plan: which items train which model, and in what order.
  case split
  case run
  case given
  case shadowModels = "fleet"
  case model
  case statistics
  case pool
  case mask
  case shadow
  case auditedMembers = "audited members"
  case auditedOthers = "audited others"
  case order

  // Training.
  case initial
  case dropout
  case mirror
  case canary

  // The cluster: which work is computed twice for comparison.
  case duplicates
  case step

  // Statistics of an audit: tests and intervals of each measure.
  case fairness
  case choices
  case privacy
  case verification
  case comparison
  case spread
  case calibration
  case likelihood
  case translation
  case cloze
  case labels
  case turn
  case seed
  case noSeed = "no seed"
  case group
  case allItems = "all items"
  case blocks
  case resample

  // Membership inference.
  case bootstrap
  case disparity
  case shuffledMembership = "shuffled membership"

  // Predictions and scores from elsewhere.
  case evaluate
  case attack
  case monitor
  case labelFree = "label-free"

  // The simulation study.
  case simulationStudy = "planted truths"
  case audit
  case data
  case seeds
  case latent

  // The quickstart's invented faces, reviews and questions.
  case quickstart
  case faces
  case reviews
  case base
  case task
  case pretraining
  case corrected
  case plan
  case person
  case image
  case images
  case portrait
  case noise
  case numbers
  case cards
  case kind
  case review
  case question
  case stem

  // Benchmarks.
  case benchmark
  case predictions
  case prompts
  case label
  case pixels
  case tokens
  case weights
}
