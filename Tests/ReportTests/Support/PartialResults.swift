import Foundation
import Report
import Support

extension Results {
  /// Results of which a test states only what it is about: everything else is the simulated audit's, where every entry of a
  /// list has what the first one has there.
  init(partial text: String) throws {
    let template = try JSONDocument.value(of: SimulatedAudit.report.get().results)
    let stated = try JSONParser.parse(ArraySlice(text.utf8))
    try self.init(Data(stated.completed(from: template).canonicalBytes))
  }
}

extension JSONValue {
  fileprivate func completed(from template: JSONValue?) -> JSONValue {
    switch (self, template) {
    case (.object(let members), .object(let others)?)
    where !holds("undefined") && template?.holds("undefined") == false:
      let missing = others.filter { !holds($0.key) }
      return .object(
        members.map { member in
          (member.key, member.value.completed(from: others.first { $0.key == member.key }?.value))
        } + missing)
    case (.array(let values), .array(let others)?): return .array(values.map { $0.completed(from: others.first) })
    default: return self
    }
  }
}
