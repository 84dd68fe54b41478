import Checkpoints
import Datasets
import Foundation
import Metrics
import Models
import Support
import Tokenizers

extension Prediction {
  /// Reads the images or texts that a column of a CSV or JSON Lines file names or holds and writes a probability for
  /// every class.
  ///
  /// - Parameters:
  ///   - column: the column with paths, relative to the file, or with texts; `path` or `text` where nothing is said.
  ///   - tokens: the number of tokens after which a text is cut.
  /// - Returns: how many texts were cut, and how the file was read where that was not a matter of course.
  package func predict(
    manifest input: String, column name: String?, tokens limit: Int, to output: String
  ) throws -> (cut: Int, reading: String?) {
    let isText = checkpoint.configuration.imageSize == nil
    let name = name ?? (isText ? "text" : "path")
    let table = try Table(file: input, columns: [name])
    guard let column = table.column(name) else {
      throw PredictionError(
        "\(input): no column \"\(name)\"; the columns are \(table.header.joined(separator: ", "))")
    }
    let compute: ([Table.Row]) throws -> (logits: [[Float]], cut: Int)
    switch model {
    case .images(let model): compute = try images(model, file: input, column: column)
    case .texts(let model): compute = try texts(model, column: column, limit: limit)
    case .language:
      throw PredictionError(
        "\(checkpoint.path): a language model has no classes; use --input, or tenbin model generate")
    }
    // A text may be long and private, so errors give its line instead.
    let key = isText ? "line" : name
    var writer = CommaSeparatedValuesWriter(header: [key, "prediction"] + labels.map { "probability_\($0)" })
    let rule = PredictionRule(classNames: labels)
    var cut = 0
    for first in stride(from: 0, to: table.rows.count, by: Self.block) {
      let rows = Array(table.rows[first..<min(first + Self.block, table.rows.count)])
      let computed = try compute(rows)
      cut += computed.cut
      for (row, logits) in zip(rows, computed.logits) {
        guard logits.allSatisfy(\.isFinite) else {
          throw PredictionError("\(input), line \(row.line): the logits are not finite; the weights may hold NaN")
        }
        let probabilities = Self.softmax(logits)
        let best = rule.prediction(try Logits(values: logits, count: 1, classes: logits.count), item: 0)
        let item = isText ? "\(row.line)" : row.fields[column]
        writer.append([item, labels[best]] + probabilities.map { "\($0)" })
      }
    }
    try DurableFile.write(writer.bytes, to: output)
    return (cut, table.note)
  }

  private func images(
    _ model: ImageClassifier, file: String, column: Int
  ) throws -> ([Table.Row]) throws -> (logits: [[Float]], cut: Int) {
    let folder = URL(filePath: file).deletingLastPathComponent()
    let preprocessor = try ImagePreprocessor(checkpoint)
    return { rows in
      let images = try rows.map { row in
        let name = row.fields[column]
        let path = name.hasPrefix("/") ? name : folder.appending(path: name).path(percentEncoded: false)
        let image = try RGBImage(
          decoding: try Self.bytes(of: path, row: row, in: file), name: "\(file), line \(row.line): \(path)")
        return try preprocessor.resized(width: image.width, height: image.height, rgb: image.bytes)
      }
      return (try model.logits(pixels: try preprocessor.pixels(resized: images)), 0)
    }
  }

  private func texts(
    _ model: TextClassifier, column: Int, limit: Int
  ) throws -> ([Table.Row]) throws -> (logits: [[Float]], cut: Int) {
    let tokenizer = try TextTokenizer(folder: checkpoint.path)
    let padding = try checkpoint.paddingToken(else: tokenizer.padding ?? tokenizer.endOfSequence)
    return { rows in
      let texts = try rows.map { try tokenizer.encode($0.fields[column]) }
      let batch = try TokenBatch(
        texts: texts.map { $0.isEmpty ? [padding] : Array($0.prefix(limit)) }, padding: padding, on: .right)
      return (try model.logits(batch), texts.count { $0.count > limit })
    }
  }

  private static func bytes(
    of path: String, row: Table.Row, in file: String
  ) throws(PredictionError) -> [UInt8] {
    do throws(FileError) {
      return try FileBytes.read(path)
    } catch {
      throw PredictionError("\(file), line \(row.line): \(error)")
    }
  }

  /// In Float64, after subtracting the largest logit.
  private static func softmax(_ logits: [Float]) -> [Double] {
    let largest = logits.max() ?? 0
    let powers = logits.map { exp(Double($0 - largest)) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}
