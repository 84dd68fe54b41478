internal import Checkpoints
internal import Datasets
internal import Foundation
internal import Planning
internal import Specification
internal import Support
internal import SwiftProtobuf
internal import Tokenizers
internal import Transport

// The welcome message to workers, and the contents that they may request.
extension AuditInputs {
  /// The items' paths, labels, sizes and digests, or labels and tokens; and the files of the items and of the base, and
  /// nothing else.
  func offered() throws -> (catalogue: Transfer, contents: ContentIndex) {
    var catalogue = Tenbin_Catalogue()
    var shelf = ContentIndex()
    for (position, item) in manifest.items.enumerated() {
      guard let file = item.path else {
        catalogue.items.append(
          .with {
            $0.label = UInt32(item.classIndex)
            $0.sequences = (texts?.sequences[position] ?? []).map { Tenbin_Sequence($0) }
          })
        continue
      }
      let path = URL(filePath: file).standardizedFileURL.path(percentEncoded: false)
      let content = plan.input.contents[position]
      // A file that has been deleted has no bytes: the worker that reads it finds that it has changed.
      let bytes = FileBytes.size(of: path) ?? 0
      shelf.add(content, path: path, bytes: bytes)
      catalogue.items.append(
        .with {
          $0.path = path
          $0.label = UInt32(item.classIndex)
          $0.content = Data(content.bytes)
          $0.bytes = UInt64(bytes)
        })
    }
    for file in baseFiles { shelf.add(file.content, path: "\(basePath)/\(file.name)", bytes: file.bytes) }
    let payload: [UInt8] = try catalogue.serializedBytes()
    return (Transfer(subject: .catalogue(Tenbin_CatalogueSubject()), payload: payload), shelf)
  }

  var basePath: String { URL(filePath: checkpoint.path).standardizedFileURL.path(percentEncoded: false) }
}

extension Tenbin_Welcome {
  /// The welcome, except for sockets and shared memory.
  init(_ inputs: AuditInputs) {
    self.init()
    planHash = Data(inputs.plan.hash.bytes)
    baseFolder = inputs.basePath
    baseHash = Data(inputs.plan.input.base.bytes)
    baseFiles = inputs.baseFiles.map { file in
      .with {
        $0.name = file.name
        $0.bytes = UInt64(file.bytes)
        $0.content = Data(file.content.bytes)
      }
    }
    classes = UInt32(inputs.classNames.count)
    threads = UInt32(inputs.specification.cluster.threads)
    task =
      switch inputs.specification.task {
      case .imageClassification: .imageClassification
      case .textClassification: .textClassification
      case .languageModelling, .translation, .multipleChoice, .cloze: .languageModelling
      }
    paddingToken = UInt32(inputs.texts?.padding ?? 0)
    endTokens = inputs.texts?.endTokens.map(UInt32.init) ?? []
    flipProbability = inputs.specification.training.flipProbability
    activationCacheBytes = UInt64(inputs.specification.cluster.activationCache) << 30
    precision =
      switch inputs.specification.training.precision {
      case .float32: .float32
      case .bfloat16: .bfloat16
      }
    methods = inputs.methods.map {
      Tenbin_Method($0, layers: inputs.checkpoint.configuration.architecture.layerCount)
    }
  }
}

extension Tenbin_Sequence {
  init(_ sequence: TokenSequence) {
    self.init()
    tokens = sequence.tokens.map(UInt32.init)
    firstTarget = UInt32(sequence.firstTarget)
  }
}

extension Tenbin_Method {
  init(_ method: AdaptationMethod, layers: Int) {
    self.init()
    switch method {
    case .head: head = Tenbin_Method.Head()
    case .full: full = Tenbin_Method.Full()
    case .lora(let configuration):
      lora = .with {
        $0.rank = UInt32(configuration.rank)
        $0.alpha = configuration.alpha
        $0.targets = configuration.targets
        $0.dropout = configuration.dropout
        $0.isRankStabilized = configuration.isRankStabilized
        $0.layers = (configuration.layers.indices(of: layers) ?? []).map(UInt32.init)
      }
    }
  }
}
