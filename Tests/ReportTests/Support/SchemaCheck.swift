import Foundation
import Report
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

  /// What is wrong with the document, each error with its place.
  func errors(_ document: JSONValue) -> [String] { errors(document, root, at: "$") }

  private func errors(_ value: JSONValue, _ schema: [String: Any], at place: String) -> [String] {
    if let reference = schema["$ref"] as? String {
      let name = reference.replacingOccurrences(of: "#/$defs/", with: "")
      guard let target = (root["$defs"] as? [String: Any])?[name] as? [String: Any] else {
        return ["\(place): no definition of \(name)"]
      }
      return errors(value, target, at: place)
    }
    if let choices = schema["anyOf"] as? [[String: Any]] {
      let failures = choices.map { errors(value, $0, at: place) }
      return failures.contains(where: \.isEmpty) ? [] : failures.flatMap { $0 }
    }
    if let allowed = schema["enum"] as? [String] { return isOne(of: allowed, value) ? [] : ["\(place): not in enum"] }
    if let constant = schema["const"] as? String { return isOne(of: [constant], value) ? [] : ["\(place): not const"] }
    if let constant = schema["const"] as? Int { return value == .integer(constant) ? [] : ["\(place): not const"] }
    let types = schema["type"] as? [String] ?? [schema["type"] as? String ?? "none"]
    guard types.contains(where: { hasType($0, value) }) else { return ["\(place): not \(types)"] }
    switch value {
    case .integer(let number):
      return number < schema["minimum"] as? Int ?? .min ? ["\(place): below the minimum"] : []
    case .array(let values):
      let least = schema["minItems"] as? Int ?? 0
      let most = schema["maxItems"] as? Int ?? .max
      guard (least...most).contains(values.count) else { return ["\(place): \(values.count) items"] }
      let items = schema["items"] as? [String: Any] ?? [:]
      return values.enumerated().flatMap { errors($1, items, at: "\(place)[\($0)]") }
    case .object(let members): return memberErrors(members, schema, at: place)
    default: return []
    }
  }

  private func memberErrors(_ members: [String: JSONValue], _ schema: [String: Any], at place: String) -> [String] {
    let properties = schema["properties"] as? [String: Any] ?? [:]
    let missing = (schema["required"] as? [String] ?? []).filter { members[$0] == nil }
    return missing.map { "\(place): no \($0)" }
      + members.sorted { $0.key < $1.key }.flatMap { key, value in
        guard let property = properties[key] as? [String: Any] else { return ["\(place): unknown \(key)"] }
        return errors(value, property, at: "\(place).\(key)")
      }
  }

  private func isOne(of allowed: [String], _ value: JSONValue) -> Bool {
    allowed.contains { value == .string($0) }
  }

  private func hasType(_ type: String, _ value: JSONValue) -> Bool {
    switch (type, value) {
    case ("null", .null), ("boolean", .boolean), ("integer", .integer), ("number", .integer), ("number", .number),
      ("string", .string), ("array", .array), ("object", .object):
      true
    default: false
    }
  }
}
