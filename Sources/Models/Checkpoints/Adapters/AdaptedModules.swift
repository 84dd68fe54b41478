/// How an adapter_config.json says which modules are adapted, so that PEFT finds these and no other.
struct AdaptedModules {
  /// The ends of module paths, or whole paths.
  let names: [String]
  /// The numbers of the layers, nil where `names` says all.
  let layers: [Int]?

  /// Names of targets where they are enough, then with layers; whole paths where a name is the end of another module's
  /// too, or a path holds two numbers, of which PEFT's releases differ in which one is the layer.
  init(_ linears: [AdaptableLinear], in architecture: any ModelArchitecture) {
    let targets = Set(linears.map(\.target))
    let layers = Set(linears.map(\.layer))
    let names = type(of: architecture).targets.filter { targets.contains($0.name) }.map(\.adapterName)
    let named = architecture.linears.filter { linear in
      names.contains { linear.adapterName.hasSuffix("." + $0) }
    }
    if named == linears {
      (self.names, self.layers) = (names, nil)
    } else if named.filter({ layers.contains($0.layer) }) == linears, linears.allSatisfy(\.hasOneNumber) {
      (self.names, self.layers) = (names, layers.sorted())
    } else {
      (self.names, self.layers) = (linears.map(\.adapterName), nil)
    }
  }
}

extension AdaptableLinear {
  /// Whether one part of its path, the layer's, is a number.
  fileprivate var hasOneNumber: Bool { adapterName.split(separator: ".").count { Int($0) != nil } == 1 }
}
