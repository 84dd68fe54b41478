import CSentencePiece
import Foundation
import Support

/// Learns a vocabulary from texts: a byte-pair-encoding model of SentencePiece with a piece for each byte, laid out as
/// Llama-2's.
///
///     try SentencePieceTrainer(vocabularySize: 512).write(learnedFrom: texts, to: "models/base")
///     let tokenizer = try TextTokenizer(folder: "models/base")
///
/// The same texts give the same bytes on every machine that has the same version of the library.
package struct SentencePieceTrainer: Sendable {
  /// Tokens in all: the unknown one, beginning and end of sequence, 256 bytes, and those that are learned.
  package let vocabularySize: Int

  package init(vocabularySize: Int) {
    self.vocabularySize = vocabularySize
  }

  /// The serialized model. A line break ends a sentence, as in the files that SentencePiece reads, so that no piece
  /// spans two lines: it is encoded as a byte.
  ///
  /// - Throws: `SentencePieceTrainerError` if there is no text, or the texts do not give that many pieces.
  package func model(learnedFrom texts: some Sequence<String>) throws(SentencePieceTrainerError) -> [UInt8] {
    var bytes: [UInt8] = []
    var counts: [Int] = []
    for text in texts {
      for line in text.utf8.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
        bytes.append(contentsOf: line)
        counts.append(line.count)
      }
    }
    guard !counts.isEmpty else { throw SentencePieceTrainerError(problem: .noText) }
    guard let size = Int32(exactly: vocabularySize), size > 0 else {
      throw refusal("a vocabulary of \(vocabularySize) pieces is not possible")
    }
    var serialized: UnsafeMutablePointer<UInt8>?
    var count = 0
    let status = bytes.withUnsafeBufferPointer { bytes in
      counts.withUnsafeBufferPointer { counts in
        csentencepiece_train(bytes.baseAddress, counts.baseAddress, counts.count, size, &serialized, &count)
      }
    }
    guard status == 0, let serialized else { throw refusal(String(cString: csentencepiece_last_error())) }
    defer { csentencepiece_bytes_free(serialized) }
    return Array(UnsafeBufferPointer(start: serialized, count: count))
  }

  /// Writes `tokenizer.model`, and the `tokenizer_config.json` by which transformers and `TextTokenizer` read it as
  /// Llama-2's (texts begin with the beginning of sequence), into `folder`, which must be there.
  ///
  /// - Throws: `SentencePieceTrainerError` if nothing can be learned or a file cannot be written.
  package func write(
    learnedFrom texts: some Sequence<String>, to folder: String
  ) throws(SentencePieceTrainerError) {
    let model = try model(learnedFrom: texts)
    for (name, data) in [("tokenizer.model", Data(model)), ("tokenizer_config.json", Data(Self.configuration.utf8))] {
      do throws(FileError) {
        try DurableFile.write(data, to: "\(folder)/\(name)")
      } catch {
        throw SentencePieceTrainerError(problem: .unwritable(file: error.file, reason: error.reason))
      }
    }
  }

  private static let configuration = """
    {
      "add_bos_token": true,
      "add_eos_token": false,
      "bos_token": "<s>",
      "clean_up_tokenization_spaces": false,
      "eos_token": "</s>",
      "legacy": false,
      "tokenizer_class": "LlamaTokenizer",
      "unk_token": "<unk>"
    }

    """

  private func refusal(_ reason: String) -> SentencePieceTrainerError {
    SentencePieceTrainerError(problem: .refused(vocabularySize: vocabularySize, reason: reason))
  }
}

/// Why no vocabulary was learned.
package struct SentencePieceTrainerError: Error, Hashable, CustomStringConvertible {
  package let problem: Problem

  package init(problem: Problem) {
    self.problem = problem
  }

  package enum Problem: Hashable, Sendable {
    /// There is no text, or all texts are empty.
    case noText
    /// SentencePiece refuses, in its own words: most often the texts have too few or too many different characters or
    /// words for that many pieces.
    case refused(vocabularySize: Int, reason: String)
    case unwritable(file: String, reason: String)
  }

  package var description: String {
    switch problem {
    case .noText: "there is no text to learn a vocabulary from; give at least one that is not empty"
    case .refused(let size, let reason):
      "SentencePiece learns no vocabulary of \(size) pieces: \(reason); give it other texts or another size"
    case .unwritable(let file, let reason): "\(file): cannot write the file: \(reason)"
    }
  }
}
