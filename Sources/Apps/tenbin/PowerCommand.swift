import ArgumentParser
import Foundation
import Metrics
import Report
import Statistics
import Support

/// The number of test items needed to detect a difference, or the power of a given number.
struct PowerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "power", abstract: "Compute how many test items a group needs, or the power of a given number.",
    discussion: """
      Exact power of McNemar's exact test of two arms on the same items. --difference is the difference to detect; \
      --discordance is the share of items that one arm gets right and the other wrong, which a first audit shows. With \
      --items it prints the power of that many items, otherwise the number of items that reaches --power. --family is \
      the number of groups times LoRA arms, for Holm's correction.

      With one or two seeds the verdict is about these trained models. From three on it is about the method, and \
      --seed-deviation counts: the t test with a variance over clusters and seeds must confirm the difference too. Where \
      no number of items is enough, it prints how many seeds are.
      """)

  @Option(help: "The difference to detect, as a share of items: 0.03 is three points.")
  var difference: Double

  @Option(help: "The share of items that one arm gets right and the other wrong.")
  var discordance: Double

  @Option(help: "The number of comparisons in Holm's correction: groups times LoRA arms.")
  var family: Int = 1

  @Option(help: "The power to reach.")
  var power: Double = 0.8

  @Option(help: "The group's number of test items; prints their power.")
  var items: Int?

  @Option(help: "Items in a cluster, for example pictures of one person.")
  var clusterSize: Double = 1

  @Option(help: "The intra-cluster correlation of correctness, from 0 to 1.")
  var correlation: Double = 0

  @Option(help: "The number of seeds of each arm.")
  var seeds: Int = 1

  @Option(help: "The standard deviation over seeds of the difference between the arms, as a share of items.")
  var seedDeviation: Double = 0

  @Option(
    help: "The correlation between two seeds of an item's difference, from 0 to 1; 1 if the same items always differ.")
  var seedAgreement: Double = 1

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if !(power > 0 && power < 1) { throw ValidationError("--power must be above 0 and below 1") }
    if let items, !(0...PairedPower.mostItems).contains(items) {
      throw ValidationError("--items must be from 0 to \(PairedPower.mostItems)")
    }
  }

  func run() throws {
    let question = try Session.reportingErrors(otherwise: .usage) {
      try PairedPower(
        difference: difference, discordance: discordance, familySize: family, clusterSize: clusterSize,
        correlation: correlation, seeds: seeds, seedDeviation: seedDeviation, seedAgreement: seedAgreement)
    }
    let found = items.map { question.power(items: $0) }
    let needed = items == nil ? question.items(power: power) : nil
    let more = items == nil && needed == nil ? question.withSeeds(power: power) : nil
    let itemsOfMore = more?.items(power: power)
    if json {
      let answer = Answer(
        difference: abs(difference), discordance: discordance, family: family, designEffect: question.designEffect,
        seeds: seeds, seedDeviation: seedDeviation, seedAgreement: seedAgreement, items: items ?? needed,
        power: found ?? power, seedsNeeded: more.flatMap { $0.seeds > seeds ? $0.seeds : nil },
        itemsWithSeedsNeeded: itemsOfMore)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      print(String(decoding: try encoder.encode(answer), as: UTF8.self))
      return
    }
    let own = seeds == 1 ? "" : " with \(seeds) seeds"
    if let items, let found {
      print("\(items) items\(own) detect the difference with a power of \(Figures.percentNotAbove(found)) %")
    } else if let needed {
      print("\(needed) items\(own) detect the difference with a power of \(Figures.exactPercent(power)) % or more")
    } else if let more, let itemsOfMore {
      print(
        """
        no number of items is enough\(own); \(itemsOfMore) items with \(more.seeds) seeds detect the difference with a \
        power of \(Figures.exactPercent(power)) % or more
        """)
    } else if more == nil {
      print("more than \(PairedPower.mostSeeds) seeds would be needed")
    } else {
      print("more than \(PairedPower.mostItems) items would be needed")
    }
  }

  private struct Answer: Encodable {
    let difference: Double
    let discordance: Double
    let family: Int
    let designEffect: Double
    let seeds: Int
    let seedDeviation: Double
    let seedAgreement: Double
    let items: Int?
    let power: Double
    /// The fewest seeds with which some number of items reaches the power, where these seeds are too few.
    let seedsNeeded: Int?
    let itemsWithSeedsNeeded: Int?
  }
}
