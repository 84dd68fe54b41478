import Foundation
import TestSupport
import Testing

/// The rules that docs/architecture.md states, held against the imports of Sources.
@Suite struct LayerTests {
  private let tree: SourceTree

  init() throws { tree = try SourceTree() }

  /// Folders and what each may import, besides itself.
  private static let below: [String: Set<String>] = [
    "C": [],
    "Support": ["C"],
    "Data": ["Support", "C"],
    "Models": ["Support", "C"],
    "Cluster": ["Models", "Data", "Support", "C"],
    "Evaluation": ["Data", "Support"],
    "Audit": ["Cluster", "Evaluation", "Models", "Data", "Support"],
    "Tools": ["Audit", "Cluster", "Evaluation", "Models", "Data", "Support"],
    "Apps": ["Tools", "Audit", "Cluster", "Evaluation", "Models", "Data", "Support"],
  ]

  private func violations(_ isAllowed: (SourceTree.Library, SourceTree.Library) -> Bool) -> Set<String> {
    var found: Set<String> = []
    for library in tree.libraries {
      for name in tree.imports(of: library) {
        if let imported = tree[name], !isAllowed(library, imported) {
          found.insert("\(library.name) imports \(name)")
        }
      }
    }
    return found
  }

  @Test("Sources holds the folders of the table and no others, and at most 24 libraries besides the C modules")
  func folders() {
    #expect(Set(tree.libraries.map(\.folder)) == Set(Self.below.keys))
    let swift = tree.libraries.filter { !["C", "Apps"].contains($0.folder) }
    #expect(swift.count <= 24, "\(swift.map(\.name))")
  }

  @Test("A library imports only what lies in its own folder or below it")
  func direction() {
    #expect(violations { $0.folder == $1.folder || Self.below[$0.folder]?.contains($1.folder) == true } == [])
  }

  @Test("No two libraries import each other, directly or through others")
  func cycles() {
    for library in tree.libraries { #expect(!tree.reach(of: library.name).contains(library.name), "\(library.name)") }
  }

  @Test("Cluster sees nothing of Evaluation")
  func clusterAndEvaluation() {
    #expect(violations { !($0.folder == "Cluster" && $1.folder == "Evaluation") } == [])
  }

  @Test(
    "The lowest libraries of Cluster see as little as the architecture says",
    arguments: [
      "Planning": ["Support"], "Optimization": ["Planning", "Support"],
      "Transport": ["Planning", "Support", "CZeroMQ"],
      "Scheduler": ["Optimization", "Planning", "Support"],
    ])
  func narrow(library: String, allowed: Set<String>) throws {
    try #require(tree[library] != nil)
    #expect(violations { $0.name != library || allowed.contains($1.name) } == [])
  }

  @Test("Each C module has one importer")
  func shims() {
    for module in tree.libraries where module.folder == "C" {
      let importers = tree.libraries.filter { tree.imports(of: $0).contains(module.name) }
      #expect(importers.count == 1, "\(module.name) is imported by \(importers.map(\.name))")
    }
  }

  @Test("tenbin and what it reaches need no libtorch; only what computes imports Torch")
  func torch() {
    #expect(!tree.reach(of: "tenbin").contains("CTorch"))
    let importers = tree.libraries.filter { tree.imports(of: $0).contains("Torch") }.map(\.name)
    #expect(Set(importers) == ["Models", "Worker", "Benchmarks", "tenbin-worker"])
  }

  @Test("Package.swift declares the dependencies that the files import, and no others")
  func manifest() throws {
    let manifest = try String(contentsOf: Repository.root.appending(path: "Package.swift"), encoding: .utf8)
    let names = Set(tree.libraries.map(\.name))
    for library in tree.libraries where library.folder != "C" {
      let declaration = try #require(
        try manifest.firstRange(of: Regex(#"(?:library\(\s*|name: )"\#(library.name)""#)),
        "Package.swift has no target \(library.name)")
      let rest = manifest[declaration.upperBound...]
      let start = try #require(rest.firstIndex(of: "["))
      let end = try #require(rest[start...].firstIndex(of: "]"))
      let declared = Set(rest[start..<end].matches(of: /"([\w-]+)"/).map { String($0.1) }).intersection(names)
      #expect(declared == tree.imports(of: library), "\(library.name)")
    }
  }
}
