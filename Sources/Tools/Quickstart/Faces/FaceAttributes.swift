/// What the face shows: the label of the task.
package enum Expression: String, Hashable, Sendable, CaseIterable {
  case neutral, smiling
}

/// The light in which a person is photographed, always the same for one person.
///
/// Dusk is rare and low in contrast: the expression is harder to see by a known amount, which is the planted disparity.
package enum Lighting: String, Hashable, Sendable, CaseIterable {
  case daylight, indoor, dusk
}

/// Whether a person is drawn with grey hair and wrinkles. Nothing about it is planted.
package enum Age: String, Hashable, Sendable, CaseIterable {
  case young, old
}

/// What the person wears: the label on which a base model is pretrained.
package enum Accessory: String, Hashable, Sendable, CaseIterable {
  case none, glasses, hat
}
