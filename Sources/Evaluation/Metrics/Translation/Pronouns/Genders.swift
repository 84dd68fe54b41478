/// Whom a sentence's occupation is commonly taken for.
package enum Stereotype: String, CaseIterable, Sendable {
  case female
  case male
}

/// Whom a sentence speaks of in truth.
package enum GoldGender: String, CaseIterable, Sendable {
  case female
  case male
  case neutral
}
