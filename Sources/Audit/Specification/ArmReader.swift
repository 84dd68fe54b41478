internal import Foundation
internal import Planning

extension Arm {
  init(_ value: YAMLValue) throws(SpecificationError) {
    guard value.isMapping else {
      switch try value.string() {
      case "base": self = .base
      case "full": self = .full
      default:
        throw value.failure("expected base, full, lora: {rank: …, alpha: …, targets: […]} or adapter: a PEFT folder")
      }
      return
    }
    let keys = try value.mapping(["lora", "adapter"])
    switch (keys["lora"], keys["adapter"]) {
    case (let lora?, nil): self = .lora(try LoRASettings(lora))
    case (nil, let adapter?): self = .adapter(try AdapterSettings(adapter))
    default: throw value.failure("expected one of lora: {rank: …, alpha: …, targets: […]}, adapter: a PEFT folder")
    }
  }
}

extension LoRASettings {
  init(_ value: YAMLValue) throws(SpecificationError) {
    let keys = try value.mapping([
      "rank", "alpha", "targets", "layers", "dropout", "rank_stabilized", "name",
    ])
    self.init(rank: try keys.required("rank").integer(1...65_536))
    alpha = try keys["alpha"]?.number(0.001...1e6) ?? alpha
    targets = try keys["targets"]?.strings() ?? targets
    layers = try Layers(keys["layers"])
    dropout = try keys["dropout"]?.number(0...1) ?? dropout
    if let given = keys["dropout"], dropout == 1 { throw given.failure("expected a number from 0 to below 1, found 1") }
    isRankStabilized = try keys["rank_stabilized"]?.boolean() ?? isRankStabilized
    name = try keys["name"]?.armName() ?? name
  }
}

extension LoRASettings.Layers {
  init(_ value: YAMLValue?) throws(SpecificationError) {
    guard let value else {
      self = .all
      return
    }
    if value.isSequence {
      var indices: [Int] = []
      for item in try value.sequence() {
        let index = try item.integer(0...10_000)
        guard !indices.contains(index) else { throw item.failure("the layer \(index) is listed twice") }
        indices.append(index)
      }
      self = .listed(indices.sorted())
    } else if value.isMapping {
      let keys = try value.mapping(["first", "last"])
      switch (keys["first"], keys["last"]) {
      case (let first?, nil): self = .first(try first.integer(1...10_000))
      case (nil, let last?): self = .last(try last.integer(1...10_000))
      default: throw value.failure("expected one of first: N, last: N")
      }
    } else {
      guard try value.string() == "all" else {
        throw value.failure("expected all, {first: N}, {last: N} or a list of layer numbers from 0")
      }
      self = .all
    }
  }
}

extension AdapterSettings {
  /// A path alone, or a path and a name; without a name the arm is called as its folder is.
  init(_ value: YAMLValue) throws(SpecificationError) {
    var folder = value
    var given: YAMLValue?
    if value.isMapping {
      let keys = try value.mapping(["path", "name"])
      folder = try keys.required("path")
      given = keys["name"]
    }
    let path = try folder.string()
    let name =
      if let given { try given.armName() } else { try folder.armName(URL(filePath: path).lastPathComponent) }
    self.init(path: path, name: name)
  }
}

extension YAMLValue {
  /// The text here as the name of an arm.
  fileprivate func armName() throws(SpecificationError) -> String { try armName(string()) }

  /// `name`, which came from this value, if it can name an arm and its folder.
  fileprivate func armName(_ name: String) throws(SpecificationError) -> String {
    guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }), name.first != "."
    else {
      throw failure(
        "the name \"\(name)\" may hold ASCII letters, digits, '-', '_' and '.' only: it names a folder")
    }
    guard (1...64).contains(name.count) else {
      throw failure("the name \"\(name)\" is \(name.count) characters long; expected 1 to 64: it names a folder")
    }
    return name
  }
}
