internal import Foundation
package import Planning
internal import Yams

/// A specification like another one, for one arm alone.
package struct SpecificationVariant: Sendable, Equatable {
  package var name: String
  package var arm: Arm
  package var oversampling: Oversampling?

  package init(name: String, arm: Arm, oversampling: Oversampling? = nil) {
    (self.name, self.arm, self.oversampling) = (name, arm, oversampling)
  }

  /// The text of the specification in `text` with this arm in place of its own; without membership inference, policy and further tests.
  ///
  /// - Parameters:
  ///   - file: the path of the text's file: paths relative to its folder become absolute.
  ///   - comment: a line that goes before everything.
  /// - Throws: `SpecificationError` if it is not a specification.
  package func yaml(like text: String, file: String, comment: String) throws(SpecificationError) -> String {
    func failure(_ problem: String) -> SpecificationError {
      SpecificationError(file: file, line: nil, key: "", problem: problem)
    }
    let folder = URL(filePath: file).deletingLastPathComponent()
    func absolute(_ node: Node?) -> Node? {
      node?.scalar.map { scalar in
        scalar.string.hasPrefix("/")
          ? Node(scalar.string)
          : Node(folder.appending(path: scalar.string).standardizedFileURL.path(percentEncoded: false))
      }
    }
    do {
      guard let whole = try compose(yaml: text)?.mapping else { throw failure("it is not a specification") }
      var root = Node(
        whole.filter { !["privacy", "policy"].contains($0.key.scalar?.string) }.map { ($0.key, $0.value) })
      guard root["data"]?.mapping != nil, root["training"]?.mapping != nil else {
        throw failure("it is not a specification")
      }
      root["name"] = Node(name)
      let base = absolute(root["base"])
      root["base"] = base
      let data = root["data"]?.mapping?.filter { $0.key.scalar?.string != "tests" } ?? []
      root["data"] = Node(data.map { ($0.key, $0.value) })
      let manifest = absolute(root["data"]?["manifest"])
      root["data"]?["manifest"] = manifest
      root["arms"] = Node([arm.node])
      if let oversampling {
        let kept = root["training"]?["oversample"]?.sequence.map(Array.init) ?? []
        root["training"]?["oversample"] = Node(kept + [oversampling.node])
      }
      return "# \(comment)\n" + (try serialize(node: root, width: -1, allowUnicode: true))
    } catch let error as SpecificationError {
      throw error
    } catch {
      throw failure("\(error)")
    }
  }
}

extension Oversampling {
  fileprivate var node: Node {
    Node([(Node("group"), Node("\(column)=\(value)")), (Node("repeat"), Node("\(repetitions)"))])
  }
}

extension Arm {
  fileprivate var node: Node {
    switch self {
    case .head: Node("head")
    case .base: Node("base")
    case .full: Node("full")
    case .adapter(let settings):
      Node([
        (Node("adapter"), Node([(Node("path"), Node(settings.path)), (Node("name"), Node(settings.name))]))
      ])
    case .lora(let settings): Node([(Node("lora"), settings.node)])
    }
  }
}

extension LoRASettings {
  fileprivate var node: Node {
    let layers: Node =
      switch layers {
      case .all: Node("all")
      case .first(let count): Node([(Node("first"), Node("\(count)"))])
      case .last(let count): Node([(Node("last"), Node("\(count)"))])
      case .listed(let indices): Node(indices.map { Node("\($0)") })
      }
    return Node([
      (Node("rank"), Node("\(rank)")), (Node("alpha"), Node("\(alpha)")),
      (Node("targets"), Node(targets.map { Node($0) })), (Node("layers"), layers),
      (Node("dropout"), Node("\(dropout)")), (Node("rank_stabilized"), Node(isRankStabilized ? "true" : "false")),
      (Node("name"), Node(name)),
    ])
  }
}
