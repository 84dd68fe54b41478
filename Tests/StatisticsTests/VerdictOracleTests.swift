import Foundation
import Statistics
import Testing

@Suite struct VerdictOracleTests {
  @Test("Variances over clusters and over seeds are statsmodels' cluster-robust ones")
  func variances() throws {
    let oracle = try VerdictOracle.load()
    #expect(oracle.tables.count > 50)
    for table in oracle.tables {
      let differences = table.differences
      #expect(VerdictOracle.agree(differences.estimate, table.difference.estimate), "\(table.name)")
      let deviation = differences.clusterDeviation
      let overClusters = deviation * deviation / Double(table.clusterCount)
      #expect(VerdictOracle.agree(overClusters, table.clusterRobust.clusters), "\(table.name)")
      guard let expected = table.clusterRobust.seeds else { continue }
      let spread = SeedSpread(values: differences.bySeed).standardDeviation
      #expect(VerdictOracle.agree(spread * spread / Double(table.seeds), expected), "\(table.name)")
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
