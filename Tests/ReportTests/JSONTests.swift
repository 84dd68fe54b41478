import Foundation
import Metrics
import Report
import Testing

@Suite("Canonical JSON")
struct JSONTests {
  private func text(_ value: JSONValue) -> String { String(decoding: value.bytes, as: UTF8.self) }

  @Test("Keys are sorted by their bytes, plain lists stay on one line and the document ends with a line feed")
  func form() {
    let value = JSONValue.object([
      "b": .array([.integer(1), .null, .boolean(true)]), "a": .array([.object(["z": .integer(-2)])]), "B": .object([:]),
    ])
    #expect(
      text(value) == """
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

  @Test("Quotes, backslashes and control characters are escaped and read back as they were")
  func escapes() throws {
    let hostile = "\"\\/\u{08}\u{0C}\n\r\t\u{01}\u{1F}é\u{2028}👍"
    #expect(text(.string("\u{01}\u{1F}\"\\\n")) == "\"\\u0001\\u001f\\\"\\\\\\n\"\n")
    let read = try JSONSerialization.jsonObject(with: Data(JSONValue.array([.string(hostile)]).bytes)) as? [String]
    #expect(read == [hostile])
  }

  @Test(
    "A float is written with the shortest digits that read back as the same bits",
    arguments: [
      Double.leastNormalMagnitude, 0.1, 1 / 3.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0, 1e-5,
      123_456_789.125, 2, 1e16, 0.1 + 0.2,
    ])
  func floats(value: Double) throws {
    let number = try #require(FiniteNumber(value))
    let written = text(.number(number)).dropLast()
    #expect(Double(written)?.bitPattern == value.bitPattern)
  }

  @Test(
    "A float that is not finite cannot be a number: it is undefined", arguments: [Double.nan, .infinity, -.infinity])
  func nonFinite(value: Double) {
    #expect(FiniteNumber(value) == nil)
    #expect(
      JSONValue.figure(value, n: 7) == .object(["undefined": .string("the figure is not finite"), "n": .integer(7)]))
  }
}
