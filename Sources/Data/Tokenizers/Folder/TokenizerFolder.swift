import Foundation
import Support

/// The tokenizer files of a Hugging Face folder, read as they are needed.
struct TokenizerFolder {
  let path: String

  static let model = "tokenizer.model"
  static let json = "tokenizer.json"
  static let configuration = "tokenizer_config.json"
  static let specialTokensMap = "special_tokens_map.json"
  static let addedTokens = "added_tokens.json"
  static let modelConfiguration = "config.json"

  /// In bytes; the largest vocabularies in use take about 35 MB.
  private static let largestFile = 256 << 20

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

  /// The contents of the file `name`.
  func bytes(_ name: String) throws(TokenizerError) -> [UInt8] {
    let file = file(name)
    do {
      let attributes = try FileManager.default.attributesOfItem(
        atPath: URL(filePath: file).resolvingSymlinksInPath().path)
      let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
      guard size <= Self.largestFile else {
        throw TokenizerError(file: file, problem: .tooLarge(bytes: size, limit: Self.largestFile))
      }
      return Array(try Data(contentsOf: URL(filePath: file)))
    } catch let error as TokenizerError {
      throw error
    } catch {
      throw TokenizerError(
        file: file, problem: .system(step: "read the file", reason: "it is not a readable file"))
    }
  }

  /// The JSON object in the file `name`.
  func object(_ name: String) throws(TokenizerError) -> JSONValue {
    let bytes = try bytes(name)
    let value: JSONValue
    do {
      value = try JSONParser.parse(bytes[...])
    } catch {
      throw TokenizerError(
        file: file(name),
        problem: .malformed(key: "", expected: "valid JSON; after \(error.offset) bytes, \(error.expected)"))
    }
    guard value.members != nil else {
      throw TokenizerError(file: file(name), problem: .malformed(key: "", expected: "a JSON object"))
    }
    return value
  }

  /// As `object`, or nil if there is no such file.
  func objectIfPresent(_ name: String) throws(TokenizerError) -> JSONValue? {
    holds(name) ? try object(name) : nil
  }
}
