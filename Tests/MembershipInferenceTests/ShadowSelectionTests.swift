import MembershipInference
import Metrics
import Statistics
import Support
import Testing

/// Masks of models that are no complementary pairs.
private enum Masks {
  /// Every item is in as many of the models as `count` says, which are drawn at random.
  static func fixed(models: Int, items: Int, seed: Int, count: (_ item: Int) -> Int) -> [[Bool]] {
    var masks = [[Bool]](repeating: Array(repeating: false, count: items), count: models)
    for item in 0..<items {
      var generator = RandomKey(seed: seed)["fixed"][item].generator
      for model in (0..<models).shuffled(using: &generator).prefix(count(item)) { masks[model][item] = true }
    }
    return masks
  }

  /// Every model has every item with probability one half.
  static func independent(models: Int, items: Int, seed: Int) -> [[Bool]] {
    (0..<models).map { model in
      var generator = RandomKey(seed: seed)["independent"][model].generator
      return (0..<items).map { _ in generator.uniform() < 0.5 }
    }
  }
}

@Suite struct ShadowSelectionTests {
  private static let readers: [Attack] = [
    .likelihoodRatio(), .likelihoodRatio(LikelihoodRatioOptions(center: .median, variance: .perItem)),
    .offlineLikelihoodRatio(), .relativeMembership(),
  ]

  private func shadowModels(_ masks: [[Bool]], leak: Double = 0, seed: Int) -> ShadowModels {
    Fixture.directShadowModels(
      items: masks[0].count, design: .independent, leak: { _ in leak }, masks: masks, seed: seed)
  }

  /// The mean area where nothing is remembered, over many fleets.
  private func meanArea(_ attack: Attack, fleets: Int = 50, masks: (_ seed: Int) -> [[Bool]]) throws -> Double {
    var areas: [Double] = []
    for seed in 0..<fleets {
      let shadowModels = shadowModels(masks(seed), seed: seed)
      for (target, scores) in try shadowModels.attackScores(of: attack).enumerated() {
        areas.append(areaUnderCurve(scores: scores, membership: shadowModels.masks[target]) ?? 0.5)
      }
    }
    return areas.reduce(0, +) / Double(areas.count)
  }

  @Test(
    "Where each item is in half of the models and nothing is remembered, every attack is a guess", arguments: readers)
  func half(attack: Attack) throws {
    let area = try meanArea(attack) { Masks.fixed(models: 8, items: 120, seed: $0) { _ in 4 } }
    #expect(abs(area - 0.5) < 0.008)
  }

  @Test("So it is where each item is in about half of them, or in three of eight", arguments: readers)
  func nearHalf(attack: Attack) throws {
    let near = try meanArea(attack) { Masks.fixed(models: 8, items: 120, seed: $0) { 3 + $0 % 3 } }
    #expect(abs(near - 0.5) < 0.008)
    let fewer = try meanArea(attack) { Masks.fixed(models: 8, items: 120, seed: $0) { _ in 3 } }
    #expect(abs(fewer - 0.5) < 0.008)
  }

  @Test("And where models drew their items independently, of which all are read", arguments: readers)
  func independent(attack: Attack) throws {
    let area = try meanArea(attack) { Masks.independent(models: 8, items: 120, seed: $0) }
    #expect(abs(area - 0.5) < 0.008)
  }

  @Test("Cautions say whether shadow models were left out item by item, and whether counts still tell something")
  func cautions() {
    let half = Masks.fixed(models: 8, items: 120, seed: 1) { _ in 4 }
    #expect(shadowModels(half, seed: 1).cautions == [.modelsLeftOut])
    let near = Masks.fixed(models: 8, items: 120, seed: 1) { 3 + $0 % 3 }
    #expect(shadowModels(near, seed: 1).cautions == [.modelsLeftOut])
    #expect(shadowModels(Masks.independent(models: 8, items: 120, seed: 1), seed: 1).cautions == [])
    // Two kinds of items, of which one is in many more models, show which is which.
    let unequal = Masks.fixed(models: 16, items: 120, seed: 1) { $0 % 2 == 0 ? 3 : 7 }
    #expect(shadowModels(unequal, seed: 1).cautions == [.countsMayTell])
    #expect(Fixture.directShadowModels(leak: { _ in 0 }, seed: 1).cautions == [])
  }

  @Test("Partners that are read item by item are left out as whole partners are")
  func partners() throws {
    // Of two pairs' masks every item is in half of the models, and the model after the target on the other side is its
    // partner wherever there is no other.
    let pair = Fixture.directShadowModels(models: 8, items: 60, leak: { _ in 1 }, seed: 2)
    var independent = pair
    independent.design = .independent
    let own = try pair.attackScores(of: .likelihoodRatio())
    let found = try independent.attackScores(of: .likelihoodRatio())
    for (target, (own, found)) in zip(own, found).enumerated() {
      let areas = [own, found].map { areaUnderCurve(scores: $0, membership: pair.masks[target]) ?? 0 }
      #expect(abs(areas[0] - areas[1]) < 0.15)
    }
  }

  @Test("An item that too few models have is left out against the targets that lack it, and the attack runs")
  func unscored() throws {
    var masks = Masks.independent(models: 16, items: 200, seed: 3)
    for model in masks.indices { masks[model][7] = model != 4 && model != 9 }
    let shadowModels = shadowModels(masks, leak: 1.5, seed: 3)
    let scores = try shadowModels.attackScores(of: .likelihoodRatio())
    for (target, scores) in scores.enumerated() {
      // Without models 4 and 9 there is one shadow without it for those two, and two for the others.
      #expect(scores[7].isNaN == [4, 9].contains(target))
      #expect(scores.count(where: \.isNaN) <= 4)
    }
    let found = try Fixture.evaluate(shadowModels, attacks: [.likelihoodRatio(), .lossThreshold]).attacks
    let leftOut = try #require(found[0].leftOut)
    #expect(leftOut.scores == scores.map { $0.count(where: \.isNaN) }.reduce(0, +) && leftOut.ofScores == 3_200)
    #expect(leftOut.items >= 1 && leftOut.items <= leftOut.scores)
    #expect(found[1].leftOut == nil)
    #expect(try #require(found[0].overall.areaUnderCurve.value?.interval.value).lower > 0.6)
    // Its counts in the list of exposed items are those of the targets that have a score of it.
    for item in found[0].exposedItems where item.item == 7 { #expect(item.asMember == 14 && item.asNonMember == 0) }
  }

  @Test("What is left out changes nothing about the others: the figures are those of the fleet without the item")
  func without() throws {
    var masks = Masks.independent(models: 16, items: 80, seed: 4)
    for model in masks.indices { masks[model][11] = true }
    let whole = shadowModels(masks, leak: 1, seed: 4)
    var part = whole
    part.masks = masks.map { mask in mask.indices.filter { $0 != 11 }.map { mask[$0] } }
    guard case .direct(let scores, let kind) = whole.scores else { return }
    part.scores = .direct(
      scores.map { $0.map { scores in scores.indices.filter { $0 != 11 }.map { scores[$0] } } }, kind)
    part.clusters = Array(0..<79)
    for attack in [Attack.offlineLikelihoodRatio(), .relativeMembership()] {
      let areas = try [whole, part].map { shadowModels in
        try zip(shadowModels.attackScores(of: attack), shadowModels.masks).map {
          try #require(areaUnderCurve(scores: $0, membership: $1))
        }
      }
      #expect(areas[0] == areas[1])
    }
  }

  @Test("An attack is refused only if a target has no members or no non-members left")
  func refusal() throws {
    let masks = Masks.fixed(models: 4, items: 40, seed: 5) { _ in 2 }
    #expect(throws: PrivacyError.self) { try shadowModels(masks, seed: 5).attackScores(of: .likelihoodRatio()) }
    // A model without any other has no shadow models at all.
    let one = shadowModels([(0..<40).map { $0 % 3 == 0 }], seed: 5)
    for attack in Self.readers {
      #expect(throws: PrivacyError.self) { try one.attackScores(of: attack) }
    }
    #expect(try Fixture.evaluate(one, attacks: [.lossThreshold]).attacks[0].overall.areaUnderCurve.value != nil)
    let scores = try shadowModels(masks, seed: 5).attackScores(of: .relativeMembership())
    #expect(scores.allSatisfy { $0.allSatisfy { !$0.isNaN } })
  }
}
