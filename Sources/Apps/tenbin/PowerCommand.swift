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
        correlation: correlation)
    }
    let found = items.map { question.power(items: $0) }
    let needed = items == nil ? question.items(power: power) : nil
    if json {
      let answer = Answer(
        difference: abs(difference), discordance: discordance, family: family, designEffect: question.designEffect,
        items: items ?? needed, power: found ?? power)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      print(String(decoding: try encoder.encode(answer), as: UTF8.self))
    } else if let items, let found {
      print("\(items) items detect the difference with a power of \(Figures.percentNotAbove(found)) %")
    } else if let needed {
      print("\(needed) items detect the difference with a power of \(Figures.exactPercent(power)) % or more")
    } else {
      print("more than \(PairedPower.mostItems) items would be needed")
    }
  }

  private struct Answer: Encodable {
    let difference: Double
    let discordance: Double
    let family: Int
    let designEffect: Double
    let items: Int?
    let power: Double
  }
}
