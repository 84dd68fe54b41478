import Foundation

/// Reads and writes the small JSON files of checkpoint folders.
enum JSONFile {
  /// Decodes the file at `path`; errors name the key.
  static func read<Value: Decodable>(_ type: Value.Type, at path: String) throws(CheckpointError) -> Value {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw CheckpointError(
        file: path,
        problem: .system(
          step: "read the file",
          reason: FileManager.default.fileExists(atPath: path)
            ? "it is not a readable file" : "there is no such file"))
    }
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch let error as DecodingError {
      throw CheckpointError(file: path, problem: problem(error))
    } catch let error as UnsupportedValue {
      throw CheckpointError(
        file: path, problem: .unsupported(key: error.key, found: error.found, supported: error.supported))
    } catch {
      throw CheckpointError(file: path, problem: .malformed(key: "", expected: "a JSON object"))
    }
  }

  /// The bytes of `value` with sorted keys, so that equal values give equal files.
  ///
  /// The values of the top-level keys `fractions` get a decimal point even if they are whole: version 5 of transformers
  /// rejects 4 where it expects 4.0.
  static func data(
    _ value: some Encodable, fractions: [String] = [], for path: String
  ) throws(CheckpointError) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return pointed(try encoder.encode(value), fractions) + Data("\n".utf8)
    } catch {
      throw CheckpointError(file: path, problem: .malformed(key: "", expected: "finite numbers to write as JSON"))
    }
  }

  /// `json` with a decimal point in the whole numbers of these keys. The encoder writes every key on its own line, and
  /// no string spans two lines.
  private static func pointed(_ json: Data, _ keys: [String]) -> Data {
    if keys.isEmpty { return json }
    let lines = String(decoding: json, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    return Data(
      lines.map { line in
        guard let key = keys.first(where: { line.hasPrefix("  \"\($0)\" : ") }) else { return String(line) }
        let comma = line.hasSuffix(",") ? "," : ""
        let number = line.dropFirst(key.count + 7).dropLast(comma.count)
        return Int(number) == nil ? String(line) : "  \"\(key)\" : \(number).0\(comma)"
      }.joined(separator: "\n").utf8)
  }

  private static func problem(_ error: DecodingError) -> CheckpointError.Problem {
    switch error {
    case .keyNotFound(let key, let context):
      .malformed(key: path(context.codingPath + [key]), expected: "this key to be present")
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      .malformed(key: path(context.codingPath), expected: "a value of the type \(type)")
    case .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? .malformed(key: "", expected: "valid JSON (\(context.debugDescription))")
        : .malformed(key: path(context.codingPath), expected: context.debugDescription)
    @unknown default: .malformed(key: "", expected: "valid JSON")
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String { keys.map(\.stringValue).joined(separator: ".") }
}

/// A value in a JSON file that is well formed but not implemented.
struct UnsupportedValue: Error {
  let key: String
  let found: String
  let supported: String
}
