import Statistics
import Support
import Testing

@Suite struct SeriesCorrectionTests {
  typealias Window = SeriesCorrection.Window

  @Test("However long a series, its windows never spend more than the whole level")
  func weights() {
    for count in [1, 2, 10, 52, 10_000] {
      let spent = SeriesCorrection.weight(ofWindows: 1...count)
      #expect(abs(spent - (1 - 1 / Double(count + 1))) < 1e-12)
    }
    #expect(SeriesCorrection.weight(ofWindow: 1) == 0.5)
    #expect(SeriesCorrection.weight(ofWindow: 3) == 1.0 / 12)
  }

  @Test("Windows judged together have statsmodels' Holm p-values, divided by the share that they may spend")
  func golden() {
    // multipletests(p, method="holm") / (1/12 + 1/20), by statsmodels 0.14.
    let corrected = SeriesCorrection.corrected([
      Window(number: 3, pValues: [0.0004, 0.2, 0.01]), Window(number: 4, pValues: [0.0001, 0.5, 0.03]),
    ])
    let expected = [[0.015, 1, 0.3], [0.0045, 1, 0.675]]
    #expect(corrected.map(\.count) == [3, 3])
    for (found, value) in zip(corrected.joined(), expected.joined()) { #expect(abs(found - value) < 1e-12) }
    #expect(SeriesCorrection.corrected([Window(number: 2, pValues: [])]) == [[]])
    #expect(SeriesCorrection.corrected([]).isEmpty)
  }

  @Test("The order of windows and of their figures changes no verdict, and a correction never lowers a p-value")
  func invariance() {
    var generator = RandomKey(seed: 41)["invariance"].generator
    for _ in 0..<200 {
      let windows = (0..<(1 + generator.index(below: 5))).map { index in
        let count = generator.index(below: 6)
        return Window(
          number: index + 1 + generator.index(below: 3), pValues: (0..<count).map { _ in generator.uniform() })
      }
      let corrected = SeriesCorrection.corrected(windows)
      for (window, values) in zip(windows, corrected) {
        #expect(zip(window.pValues, values).allSatisfy { $0 <= $1 && $1 <= 1 })
      }
      let turned = SeriesCorrection.corrected(
        windows.reversed().map { Window(number: $0.number, pValues: $0.pValues.reversed()) })
      #expect(Array(turned.reversed().map { Array($0.reversed()) }) == corrected)
    }
  }

  @Test(
    "A year of windows without a change has a significant test in no more than 5 of 100 series, whatever they share",
    arguments: [0.0, 0.3, 0.9])
  func falseAlarms(shared: Double) {
    var generator = RandomKey(seed: 42)["series"][Int(10 * shared)].generator
    let series = 2_000
    var (together, single) = (0, 0)
    for _ in 0..<series {
      // What the reference brings into every window's test of a figure.
      let common = (0..<6).map { _ in generator.normal() }
      let windows = (1...52).map { number in
        Window(
          number: number,
          pValues: common.map { common in
            let value = shared.squareRoot() * common + (1 - shared).squareRoot() * generator.normal()
            return 2 * NormalDistribution.cumulative(-abs(value))
          })
      }
      func isSignificant(_ corrected: [[Double]]) -> Bool {
        corrected.joined().contains { $0 < SeriesCorrection.level }
      }
      together += isSignificant(SeriesCorrection.corrected(windows)) ? 1 : 0
      single += windows.contains { isSignificant(SeriesCorrection.corrected([$0])) } ? 1 : 0
    }
    // Two standard errors above .05.
    #expect(Double(together) / Double(series) < 0.06)
    #expect(Double(single) / Double(series) < 0.06)
    // A correction that never lets a test through would also pass the above.
    if shared == 0 { #expect(together > 50 && single > 50) }
  }
}

/// Literals are of scipy 1.17.1: t.sf and norm.isf.
@Suite struct FewClustersTests {
  @Test(
    "A p-value of the normal distribution becomes that of Student's t at the same value",
    arguments: [
      (0.05, 9.0, 0.08164913173068167), (1e-6, 9, 0.0008574844717987017), (0.3, 3, 0.3762098590683371),
      (1e-12, 40, 1.2350509301780925e-08),
    ])
  func restated(normal: Double, degreesOfFreedom: Double, expected: Double) {
    #expect(abs(FewClusters.pValue(normal, degreesOfFreedom: degreesOfFreedom) / expected - 1) < 1e-7)
    #expect(FewClusters.pValue(normal, degreesOfFreedom: .infinity) == normal)
  }

  @Test("A hypothesis at the bound of a 95 % interval has the p-value .05, and twice as far away that of the quantile")
  func ratios() {
    #expect(abs(FewClusters.pValue(ratioToBound: 1, degreesOfFreedom: 9) - 0.05) < 1e-12)
    #expect(abs(FewClusters.pValue(ratioToBound: 1, degreesOfFreedom: .infinity) - 0.05) < 1e-12)
    #expect(abs(FewClusters.pValue(ratioToBound: 2, degreesOfFreedom: 9) - 0.0014378690064802873) < 1e-12)
    #expect(abs(FewClusters.pValue(ratioToBound: 1.5, degreesOfFreedom: .infinity) - 0.0032826947645419173) < 1e-12)
    #expect(FewClusters.pValue(ratioToBound: -1, degreesOfFreedom: 9) == 1)
  }

  @Test("More clusters never make a p-value larger, and 0 and 1 stay")
  func monotone() {
    for normal in [0.0, 1e-300, 1e-20, 1e-5, 0.04, 0.7, 1] {
      let values = [1.0, 2, 5, 20, 200, .infinity].map { FewClusters.pValue(normal, degreesOfFreedom: $0) }
      #expect(zip(values, values.dropFirst()).allSatisfy { $0 >= $1 }, "\(values)")
    }
    #expect(FewClusters.pValue(0, degreesOfFreedom: 3) == 0 && FewClusters.pValue(1, degreesOfFreedom: 3) == 1)
  }
}
