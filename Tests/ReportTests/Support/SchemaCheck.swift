import Foundation
import Report
import Support
import TestSupport

/// Checks a document against the part of JSON Schema that `Deploy/results.schema.json` uses. A key that is not listed
/// is an error everywhere, as the schema says in every object.
struct SchemaCheck {
  private let root: [String: Any]

  init() throws {
    let repository = Repository.root
    let data = try Data(contentsOf: repository.appendingPathComponent("Deploy/results.schema.json"))
    root = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
  }

  var topLevelKeys: Set<String> { Set((root["properties"] as? [String: Any] ?? [:]).keys) }

  /// What is wrong with the document, each error with its path.
  func errors(_ results: Results) throws -> [String] { errors(try JSONDocument.value(of: results)) }

  func errors(_ document: JSONValue) -> [String] { errors(document, root, at: "$") }

  private func errors(_ value: JSONValue, _ schema: [String: Any], at path: String) -> [String] {
    if let reference = schema["$ref"] as? String {
      let name = reference.replacingOccurrences(of: "#/$defs/", with: "")
      guard let target = (root["$defs"] as? [String: Any])?[name] as? [String: Any] else {
        return ["\(path): no definition of \(name)"]
      }
      return errors(value, target, at: path)
    }
    if let choices = schema["anyOf"] as? [[String: Any]] {
      let failures = choices.map { errors(value, $0, at: path) }
      return failures.contains(where: \.isEmpty) ? [] : failures.flatMap { $0 }
    }
    if let allowed = schema["enum"] as? [String] { return isOne(of: allowed, value) ? [] : ["\(path): not in enum"] }
    if let constant = schema["const"] as? String { return isOne(of: [constant], value) ? [] : ["\(path): not const"] }
    if let constant = schema["const"] as? Int { return value.integer == constant ? [] : ["\(path): not const"] }
    let types = schema["type"] as? [String] ?? [schema["type"] as? String ?? "none"]
    guard types.contains(where: { hasType($0, value) }) else { return ["\(path): not \(types)"] }
    switch value {
    case .number(let spelling):
      let number = Double(spelling) ?? .nan
      return number < Double(schema["minimum"] as? Int ?? .min) ? ["\(path): below the minimum"] : []
    case .array(let values):
      let least = schema["minItems"] as? Int ?? 0
      let most = schema["maxItems"] as? Int ?? .max
      guard (least...most).contains(values.count) else { return ["\(path): \(values.count) items"] }
      let items = schema["items"] as? [String: Any] ?? [:]
      return values.enumerated().flatMap { errors($1, items, at: "\(path)[\($0)]") }
    case .object(let members): return memberErrors(members, schema, at: path)
    default: return []
    }
  }

  private func memberErrors(_ members: [(key: String, value: JSONValue)], _ schema: [String: Any], at path: String)
    -> [String]
  {
    let properties = schema["properties"] as? [String: Any] ?? [:]
    let missing = (schema["required"] as? [String] ?? []).filter { name in !members.contains { $0.key == name } }
    return missing.map { "\(path): no \($0)" }
      + members.sorted { $0.key < $1.key }.flatMap { key, value in
        guard let property = properties[key] as? [String: Any] else { return ["\(path): unknown \(key)"] }
        return errors(value, property, at: "\(path).\(key)")
      }
  }

  private func isOne(of allowed: [String], _ value: JSONValue) -> Bool {
    allowed.contains { value.string == $0 }
  }

  private func hasType(_ type: String, _ value: JSONValue) -> Bool {
    switch (type, value) {
    case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string), ("array", .array),
      ("object", .object):
      true
    case ("integer", .number(let spelling)): Int(spelling) != nil
    default: false
    }
  }
}
