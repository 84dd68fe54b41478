internal import Planning

extension SearchSettings {
  /// - Parameters:
  ///   - training: its epochs are tried where the search names none.
  ///   - seeds: those of the audit, which the search may not use.
  init(
    _ value: YAMLValue, training: TrainingSettings, seeds: [Int], split: SplitSettings
  ) throws(SpecificationError) {
    let keys = try value.mapping(["rates", "epochs", "base", "lora", "full", "seeds"])
    let rates = try keys["rates"]?.distinctNumbers(1e-12...100)
    let epochs = try keys["epochs"]?.distinctIntegers(1...100_000)
    func candidates(_ name: String, _ method: MethodSettings) throws(SpecificationError) -> [MethodSettings] {
      let own = try keys[name]?.mapping(["rates", "epochs"])
      guard let rates = try own?["rates"]?.distinctNumbers(1e-12...100) ?? rates else {
        throw value.failure("expected rates: [...], for all arms or under base, lora and full")
      }
      let epochs = try own?["epochs"]?.distinctIntegers(1...100_000) ?? epochs ?? [method.epochs]
      return epochs.flatMap { epochs in rates.map { MethodSettings(rate: $0, epochs: epochs) } }
    }
    self.init(
      base: try candidates("base", training.base), lora: try candidates("lora", training.lora),
      full: try candidates("full", training.full), seeds: try keys["seeds"]?.seeds() ?? [])
    if let given = keys["seeds"] {
      if let shared = self.seeds.first(where: seeds.contains) {
        throw given.failure("the seed \(shared) is one of the audit's; a search needs seeds of its own")
      }
    } else {
      self.seeds = Array((1...).lazy.filter { !seeds.contains($0) }.prefix(2))
    }
    if case .fractions(_, let validation, _, _, _) = split, validation == 0 {
      throw value.failure("needs validation items, and split.validation is 0")
    }
  }
}

extension YAMLValue {
  fileprivate func distinctNumbers(_ range: ClosedRange<Double>) throws(SpecificationError) -> [Double] {
    var numbers: [Double] = []
    for item in try sequence() {
      let number = try item.number(range)
      guard !numbers.contains(number) else { throw item.failure("\(number) is listed twice") }
      numbers.append(number)
    }
    return numbers
  }

  fileprivate func distinctIntegers(_ range: ClosedRange<Int>) throws(SpecificationError) -> [Int] {
    var numbers: [Int] = []
    for item in try sequence() {
      let number = try item.integer(range)
      guard !numbers.contains(number) else { throw item.failure("\(number) is listed twice") }
      numbers.append(number)
    }
    return numbers
  }
}
