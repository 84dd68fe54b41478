import Support

/// A token that is looked for in the text before the model sees it.
struct AddedToken: Hashable, Sendable {
  var content: String
  /// Skipped in decoding where special tokens are.
  var special = false
  /// Not found inside a word.
  var singleWord = false
  /// Takes the white space before it with it.
  var leftStrip = false
  /// Takes the white space after it with it.
  var rightStrip = false
  /// Looked for in the normalized text.
  var normalized = true

  init(special content: String) {
    self.content = content
    special = true
    normalized = false
  }

  init(content: String, special: Bool, normalized: Bool) {
    self.content = content
    self.special = special
    self.normalized = normalized
  }

  /// Reads the fields of Python's `AddedToken` from an object; `special` overrules what the object says.
  init?(_ value: JSONValue, special overruled: Bool? = nil) {
    guard let content = value["content"]?.string else { return nil }
    self.content = content
    special = overruled ?? value["special"]?.bool ?? false
    singleWord = value["single_word"]?.bool ?? false
    leftStrip = value["lstrip"]?.bool ?? false
    rightStrip = value["rstrip"]?.bool ?? false
    normalized = value["normalized"]?.bool ?? !special
  }

  // Swift's strings are equal when canonically equivalent, which two tokens may be.
  static func == (left: AddedToken, right: AddedToken) -> Bool {
    left.content.utf8.elementsEqual(right.content.utf8) && left.special == right.special
      && left.singleWord == right.singleWord && left.leftStrip == right.leftStrip
      && left.rightStrip == right.rightStrip && left.normalized == right.normalized
  }
}
