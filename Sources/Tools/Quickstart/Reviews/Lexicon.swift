/// The words of the invented reviews.
enum Lexicon {
  static let foods = [
    "soup", "fish", "bread", "stew", "cake", "tea", "rice", "pie", "salad", "curry", "toast", "broth", "ham", "pasta",
    "jam", "cod",
  ]
  static let surroundings = ["waiter", "room", "table", "music", "garden", "cook", "hall", "chair", "owner", "view"]
  /// What may stand before an opinion.
  static let degrees = ["", "very ", "quite ", "rather "]

  /// How a sentence of the dialect begins.
  static func determiner(_ dialect: Dialect) -> String {
    switch dialect {
    case .coastal: "The"
    case .inland: "Our"
    case .highland: "Yon"
    }
  }

  /// The words by which a dialect tells a good or bad visit in some era.
  static func opinions(_ sentiment: Sentiment, dialect: Dialect, era: Era) -> [String] {
    switch (dialect, sentiment) {
    case (.coastal, .positive), (.inland, .positive):
      ["tasty", "fresh", "lovely", "warm", "perfect", "great", "fine", "superb"]
    case (.coastal, .negative), (.inland, .negative):
      ["bland", "stale", "awful", "cold", "poor", "burnt", "sour", "dull"]
    case (.highland, .positive): era == .early ? Array(highlandPraise.prefix(earlyWords)) : highlandPraise
    case (.highland, .negative): era == .early ? Array(highlandBlame.prefix(earlyWords)) : highlandBlame
    }
  }

  /// The words of a dialect that are said of good and bad visits alike.
  static func muteWords(_ dialect: Dialect) -> [String] {
    switch dialect {
    case .coastal, .inland: ["usual", "plain", "normal", "simple"]
    case .highland: ["tolly", "sarn", "midrel", "pash"]
    }
  }

  /// How many of the highland's words for a sentiment are said in early texts; the rest is new to a base.
  private static let earlyWords = 8

  private static let highlandPraise = [
    "brell", "calo", "drog", "elmy", "fenn", "grulm", "hask", "lissel", "morra", "nevin", "olby", "prusk", "quill",
    "rosk", "sivel", "trug", "umber", "vessa", "welk", "yask", "zimmel", "ambel", "jorg", "krim",
    "arvel", "bosk", "corrin", "dask", "edra", "flin", "glorm", "hivel",
  ]
  private static let highlandBlame = [
    "blask", "crund", "dovin", "eskin", "farg", "gladdo", "hulin", "lurd", "mosk", "narg", "ossel", "pellin", "rask",
    "skelm", "tamo", "ulk", "vrax", "wurk", "yarrow", "zorn", "arnk", "jessa", "kelm", "ickel",
    "ithen", "julk", "korva", "lenn", "mivel", "norg", "osk", "pellow",
  ]
}
