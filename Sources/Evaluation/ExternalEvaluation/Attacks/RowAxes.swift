/// The models, items, queries and epochs of one arm, and which row says what.
struct RowAxes {
  let models: [String]
  /// The number of the first row of every item, in the order of their names.
  let items: [Int]
  let queries: [String]
  /// Ascending; one without a column of epochs.
  let epochs: [Int?]
  /// `[model][query][epoch][item]`, flat.
  private let numbers: [Int]

  /// The row of a model, query, epoch and item.
  func row(model: Int, query: Int, epoch: Int, item: Int) -> Int {
    numbers[((model * queries.count + query) * epochs.count + epoch) * items.count + item]
  }

  /// - Parameters:
  ///   - numbers: The rows of one arm.
  /// - Throws: `PredictionsError` where a model lacks an item or has it twice, or rows contradict each other.
  init(_ table: ScoresTable, arm: String, rows numbers: [Int]) throws(PredictionsError) {
    let rows = numbers.map { table.rows[$0] }
    models = Set(rows.map(\.model)).sorted(by: Self.isBefore)
    queries = Set(rows.map(\.query)).sorted(by: Self.isBefore)
    epochs = Set(rows.map(\.epoch)).sorted { $0 ?? 0 < $1 ?? 0 }
    let places = (
      model: Self.places(models), query: Self.places(queries), epoch: Self.places(epochs)
    )
    var firstRows: [String: Int] = [:]
    for number in numbers where firstRows[table.rows[number].item] == nil {
      firstRows[table.rows[number].item] = number
    }
    // In one order whatever the order of the rows.
    let names = firstRows.keys.sorted(by: Self.isBefore)
    let itemPlaces = Self.places(names)
    let items = names.compactMap { firstRows[$0] }
    var found = [Int](repeating: -1, count: models.count * queries.count * epochs.count * items.count)
    var membership: [Int8] = Array(repeating: -1, count: models.count * items.count)
    for (number, row) in zip(numbers, rows) {
      guard let model = places.model[row.model], let query = places.query[row.query],
        let epoch = places.epoch[row.epoch], let item = itemPlaces[row.item]
      else { continue }
      try row.requireAgreement(with: table.rows[items[item]], classNames: table.classNames)
      let place = ((model * queries.count + query) * epochs.count + epoch) * items.count + item
      guard found[place] < 0 else {
        throw PredictionsError(
          row.file, line: row.line,
          "item \(row.item) comes twice for \(Self.name(arm, row)), the other time in line \(table.rows[found[place]].line) "
            + "of \(table.rows[found[place]].file); expected each item once a model, query and epoch")
      }
      found[place] = number
      let isMember: Int8 = row.isMember ? 1 : 0
      guard membership[model * items.count + item] != 1 - isMember else {
        throw PredictionsError(
          row.file, line: row.line,
          "item \(row.item) is a member and no member of model \(row.model); expected the same in all of its rows")
      }
      membership[model * items.count + item] = isMember
    }
    if let missing = found.firstIndex(where: { $0 < 0 }) {
      let item = table.rows[items[missing % items.count]]
      let (epoch, rest) = (missing / items.count % epochs.count, missing / items.count / epochs.count)
      let query = queries[rest % queries.count]
      let place =
        "arm \(arm), model \(models[rest / queries.count])" + (query.isEmpty ? "" : ", query \(query)")
        + (epochs[epoch].map { ", epoch \($0)" } ?? "")
      throw PredictionsError(
        item.file,
        "\(place) says nothing about item \(item.item); expected every model to score every item, with the same queries "
          + "and epochs")
    }
    (self.items, self.numbers) = (items, found)
  }

  private static func places<Name: Hashable>(_ names: [Name]) -> [Name: Int] {
    Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
  }

  private static func name(_ arm: String, _ row: ScoresTable.Row) -> String {
    "arm \(arm), model \(row.model)" + (row.query.isEmpty ? "" : ", query \(row.query)")
      + (row.epoch.map { ", epoch \($0)" } ?? "")
  }

  /// Numbers by their size, before words.
  private static func isBefore(_ first: String, _ second: String) -> Bool {
    switch (Int(first), Int(second)) {
    case (let number?, let other?): (number, first) < (other, second)
    case (.some, nil): true
    case (nil, .some): false
    case (nil, nil): first < second
    }
  }
}

extension ScoresTable.Row: ItemRow {
  package func label(among classNames: [String]) -> String {
    classNames.indices.contains(label) ? classNames[label] : ""
  }
}
