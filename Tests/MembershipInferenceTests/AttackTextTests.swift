import MembershipInference
import Testing

@Suite struct AttackTextTests {
  @Test(
    "The canonical text reads back as the same attack",
    arguments: [
      "loss", "lira", "lira:center=median", "lira:center=median:variance=per-item", "lira-offline:variance=pooled",
      "rmia", "rmia:a=0.5:gamma=2.0:queries=mean", "loss-trace",
    ])
  func roundTrip(text: String) throws { #expect(try Attack(text: text).text == text) }

  @Test("Options that are the defaults are not written")
  func defaults() throws {
    #expect(try Attack(text: "rmia:gamma=1:a=0.3").text == "rmia")
    #expect(try Attack(name: "lira", options: ["variance": "auto", "center": "mean"]) == .likelihoodRatio())
  }

  @Test(
    "What is no attack is named with what was expected",
    arguments: [
      ("knn", "loss, lira, lira-offline, rmia, loss-trace"), ("lira:center=mode", "mean, median"),
      ("lira:middle=mean", "no option middle"), ("rmia:gamma=0", "a positive number"), ("rmia:a=2", "from 0 to 1"),
      ("rmia:a=nan", "from 0 to 1"), ("lira:center", "OPTION=VALUE"), ("lira:center=mean:center=median", "twice"),
      ("", "no such attack"),
    ])
  func errors(text: String, expected: String) throws {
    let error = #expect(throws: AttackTextError.self) { try Attack(text: text) }
    #expect(try #require(error).description.contains(expected))
  }
}
