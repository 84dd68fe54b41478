import Statistics
import TestSupport
import Testing

@Suite struct DesignEffectTests {
  @Test("Items with a cluster each count in full")
  func unclustered() {
    let effect = DesignEffect(values: [1, 0, 1, 1], clusters: [0, 1, 2, 3], clusterCount: 4)
    #expect(effect.value == 1 && effect.effectiveN == 4)
  }

  @Test("Clusters whose items always agree count once")
  func perfectCorrelation() {
    let effect = DesignEffect(values: [1, 1, 0, 0, 1, 1, 0, 0], clusters: [0, 0, 1, 1, 2, 2, 3, 3], clusterCount: 4)
    #expect(isClose(effect.intraClusterCorrelation, 1))
    #expect(isClose(effect.effectiveN, 4))
  }

  @Test("A negative correlation never raises the number of items")
  func negativeCorrelation() {
    let effect = DesignEffect(values: [1, 0, 0, 1, 1, 0], clusters: [0, 0, 1, 1, 2, 2], clusterCount: 3)
    #expect(effect.intraClusterCorrelation == 0 && effect.effectiveN == 6)
  }

  @Test("Where all are right, or all are one cluster, the items of a cluster count as one")
  func inestimable() {
    #expect(DesignEffect(values: [1, 1, 1, 1], clusters: [0, 0, 1, 1], clusterCount: 2).effectiveN == 2)
    #expect(DesignEffect(values: [1, 0, 1, 1], clusters: [0, 0, 0, 0], clusterCount: 1).effectiveN == 1)
  }

  @Test("The numbers of clusters do not matter, nor do empty ones")
  func relabelling() {
    let values = [1.0, 1, 0, 1, 0, 0, 1]
    let first = DesignEffect(values: values, clusters: [0, 0, 0, 1, 1, 2, 2], clusterCount: 3)
    let second = DesignEffect(values: values, clusters: [4, 4, 4, 0, 0, 2, 2], clusterCount: 6)
    #expect(isClose(first.effectiveN, second.effectiveN))
  }
}
