import Foundation
import Statistics
import Testing

@Suite struct VerdictOracleTests {
  @Test("Variances over equal clusters and over seeds are statsmodels' cluster-robust ones")
  func variances() throws {
    let oracle = try VerdictOracle.load()
    #expect(oracle.tables.count > 50)
    for table in oracle.tables {
      let differences = table.differences
      #expect(VerdictOracle.agree(differences.estimate, table.difference.estimate), "\(table.name)")
      if Set(differences.clusters.map(\.denominator)).count == 1 {
        #expect(VerdictOracle.agree(differences.variance.ofClusters, table.clusterRobust.clusters), "\(table.name)")
      }
      guard let expected = table.clusterRobust.seeds else { continue }
      let spread = SeedSpread(values: differences.bySeed).standardDeviation
      #expect(VerdictOracle.agree(spread * spread / Double(table.seeds), expected), "\(table.name)")
    }
  }

  @Test("Variance over clusters and seeds, degrees of freedom, interval and p-value are those of the numpy oracle")
  func differences() throws {
    for table in try VerdictOracle.load().tables {
      let variance = table.differences.variance
      let expected = table.difference
      guard let value = expected.variance else {
        #expect(variance.degreesOfFreedom == nil, "\(table.name)")
        continue
      }
      #expect(VerdictOracle.agree(variance.value, value), "\(table.name)")
      if let freedom = expected.degreesOfFreedom {
        #expect(VerdictOracle.agree(try #require(variance.degreesOfFreedom), freedom), "\(table.name)")
      }
      let interval = try #require(expected.interval)
      let estimate = table.differences.estimate
      let found = table.differences.intervalByVariance
      #expect(VerdictOracle.agree(found.lower, interval[0]), "\(table.name)")
      #expect(VerdictOracle.agree(found.upper, interval[1]), "\(table.name)")
      #expect(VerdictOracle.agree(variance.pValue(of: estimate), try #require(expected.pValue)), "\(table.name)")
    }
  }

  @Test("Intervals of shares by clusters and seeds are those of the numpy oracle")
  func proportions() throws {
    for table in try VerdictOracle.load().tables {
      let runs = table.arm.map { $0.map(Double.init) }
      for (confidence, expected) in [(0.95, table.proportion), (0.8, table.proportionAt80)] {
        let found = Proportion(
          runs: runs, clusters: table.clusters, clusterCount: table.clusterCount, confidence: confidence)
        #expect(VerdictOracle.agree(found.value, expected.value), "\(table.name)")
        #expect(VerdictOracle.agree(found.interval.lower, expected.interval[0]), "\(table.name)")
        #expect(VerdictOracle.agree(found.interval.upper, expected.interval[1]), "\(table.name)")
        guard let effective = expected.effectiveN else { continue }
        #expect(VerdictOracle.agree(found.effectiveN, effective), "\(table.name)")
      }
    }
  }

  @Test("Holm's correction of the groups that can get a verdict is statsmodels'")
  func families() throws {
    for family in try VerdictOracle.load().families {
      let counted = family.pValues.indices.filter {
        family.items[$0] >= family.minimumItems && family.clusters[$0] >= family.minimumClusters
      }
      let adjusted = holmAdjusted(counted.map { family.pValues[$0] })
      #expect(counted == family.adjusted.indices.filter { family.adjusted[$0] != nil })
      for (index, value) in zip(counted, adjusted) {
        #expect(VerdictOracle.agree(value, try #require(family.adjusted[index])))
      }
    }
  }
}
