extension Unicode.Scalar {
  /// Whether Python's `str.split()` and `str.rstrip()` take the character for white space, as sacreBLEU does: Unicode's
  /// space separators and those of bidirectional class B, S or WS.
  var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// Whether `\w` of Python's `re` matches the character: letters, whatever has a numeric value, and the underscore.
  var isPythonWord: Bool {
    if isASCII { return isASCIIAlphanumeric || self == "_" }
    if properties.numericType != nil { return true }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
    default: return false
    }
  }

  var isASCIIDigit: Bool { ("0"..."9").contains(self) }

  var isASCIIAlphanumeric: Bool {
    isASCIIDigit || ("a"..."z").contains(self) || ("A"..."Z").contains(self)
  }
}
