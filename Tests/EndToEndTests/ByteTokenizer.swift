import Foundation
import Testing

/// A tokenizer.json whose tokens are single bytes, in the printable letters that byte-level models write them in: token 0 is
/// padding, 1 to 256 are the bytes, 257 ends a text.
enum ByteTokenizer {
  static let vocabularySize = 258

  static func json() throws -> Data {
    let printable = Set(Array(33...126) + Array(161...172) + Array(174...255))
    var next: UInt32 = 256
    var vocabulary = ["<pad>": 0, "</s>": 257]
    for byte in 0..<256 {
      var scalar = UInt32(byte)
      if !printable.contains(byte) {
        scalar = next
        next += 1
      }
      vocabulary[String(Character(try #require(Unicode.Scalar(scalar))))] = byte + 1
    }
    let special = { (id: Int, content: String) -> [String: Any] in
      [
        "id": id, "content": content, "special": true, "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false,
      ]
    }
    return try JSONSerialization.data(withJSONObject: [
      "version": "1.0", "added_tokens": [special(0, "<pad>"), special(257, "</s>")],
      "pre_tokenizer": [
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false,
      ],
      "decoder": ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false],
      "model": ["type": "BPE", "vocab": vocabulary, "merges": [String]()] as [String: Any],
    ])
  }
}
