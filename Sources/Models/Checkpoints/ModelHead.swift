/// What stands on top of a backbone.
package enum ModelHead: Hashable, Sendable, Codable {
  /// One logit a class, from the one vector that the backbone makes of an image or a text; part of what is trained.
  case classifier(labels: Int)
  /// One logit a piece of the vocabulary at each position; the checkpoint's own, trained with all weights only.
  case languageModel
}
