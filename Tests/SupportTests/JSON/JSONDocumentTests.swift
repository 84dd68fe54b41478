import Foundation
import Support
import Testing

@Suite("JSON documents")
struct JSONDocumentTests {
  private func text(_ value: some Encodable) throws -> String {
    String(decoding: try JSONDocument.bytes(of: value), as: UTF8.self)
  }

  private struct Part: Codable, Equatable {
    var snakeCase = 1
    var share: Double
    var n: Int?
    var list: [Double?] = [1, nil]
  }

  @Test("Keys are sorted by their bytes, plain lists stay on one line and the document ends with a line feed")
  func form() {
    let value = JSONValue.object([
      ("b", .array([.number("1"), .null, .bool(true)])), ("a", .array([.object([("z", .number("-2"))])])),
      ("B", .object([])),
    ])
    #expect(
      String(decoding: value.canonicalBytes, as: UTF8.self) == """
        {
          "B": {},
          "a": [
            {
              "z": -2
            }
          ],
          "b": [1, null, true]
        }

        """)
  }

  @Test("A property stands under its name in snake case, and what is nil as null")
  func properties() throws {
    #expect(
      try text(Part(share: 2)) == """
        {
          "list": [1.0, null],
          "n": null,
          "share": 2.0,
          "snake_case": 1
        }

        """)
    #expect(try JSONDocument.decode(Part.self, from: Data(text(Part(share: 2)).utf8)) == Part(share: 2))
  }

  @Test("Quotes, backslashes and control characters are escaped and read back as they were")
  func escapes() throws {
    let hostile = "\"\\/\u{08}\u{0C}\n\r\t\u{01}\u{1F}é\u{2028}👍"
    #expect(try text("\u{01}\u{1F}\"\\\n") == "\"\\u0001\\u001f\\\"\\\\\\n\"\n")
    #expect(try JSONSerialization.jsonObject(with: Data(text([hostile]).utf8)) as? [String] == [hostile])
    #expect(try JSONDocument.decode([String].self, from: Data(text([hostile]).utf8)) == [hostile])
  }

  @Test(
    "A float is written with the shortest digits that read back as the same bits",
    arguments: [
      Double.leastNormalMagnitude, 0.1, 1 / 3.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0, 1e-5,
      123_456_789.125, 2, 1e16, 0.1 + 0.2,
    ])
  func floats(value: Double) throws {
    let written = try text(value)
    #expect(Double(written.dropLast())?.bitPattern == value.bitPattern)
    #expect(try JSONDocument.decode(Double.self, from: Data(written.utf8)).bitPattern == value.bitPattern)
  }

  @Test(
    "A float that is not finite is undefined, with what the object around it was computed from",
    arguments: [Double.nan, .infinity, -.infinity])
  func nonFinite(value: Double) throws {
    let written = try text(Part(share: value, n: 7, list: []))
    #expect(
      written == """
        {
          "list": [],
          "n": 7,
          "share": {
            "n": 7,
            "undefined": "the figure is not finite"
          },
          "snake_case": 1
        }

        """)
    let read = try JSONDocument.decode(Part.self, from: Data(written.utf8))
    #expect(read.share.isNaN)
    #expect(try text(read) == written)
  }

  @Test("What is of another form is refused with the path of its key")
  func refused() throws {
    for (json, path) in [
      ("{\"share\": \"1\", \"snake_case\": 1, \"n\": 1, \"list\": []}", "share"),
      ("{\"share\": 1, \"snake_case\": 1.5, \"n\": 1, \"list\": []}", "snakeCase"),
      ("{\"share\": 1, \"snake_case\": 1, \"n\": 1, \"list\": [1, true]}", "list/Index 1"),
    ] {
      #expect {
        try JSONDocument.decode(Part.self, from: Data(json.utf8))
      } throws: { error in
        guard case DecodingError.typeMismatch(_, let context) = error else { return false }
        return context.codingPath.map(\.stringValue).joined(separator: "/") == path
      }
    }
    #expect(throws: DecodingError.self) { try JSONDocument.decode(Part.self, from: Data("{\"share\": 1}".utf8)) }
    #expect(throws: JSONError.self) { try JSONDocument.decode(Part.self, from: Data("{".utf8)) }
  }
}
