internal import Checkpoints
internal import Content
internal import Datasets
internal import Foundation
internal import Hashing
internal import Plan
internal import SwiftProtobuf
internal import Wire

// What workers are told of an audit, and what they may ask for.
extension AuditInputs {
  /// The items' paths, labels, sizes and digests.
  var catalogue: Transfer {
    get throws {
      var catalogue = Tenbin_Catalogue()
      catalogue.items = itemFiles.map { file in
        .with {
          $0.path = file.path
          $0.label = UInt32(file.label)
          $0.content = Data(file.content.bytes)
          $0.bytes = UInt64(file.bytes)
        }
      }
      return Transfer(subject: .catalogue(Tenbin_CatalogueSubject()), payload: try catalogue.serializedBytes())
    }
  }

  /// The files of the items and of the base, and nothing else.
  var contents: ContentShelf {
    var shelf = ContentShelf()
    for file in itemFiles { shelf.add(file.content, path: file.path, bytes: file.bytes) }
    for file in baseFiles { shelf.add(file.content, path: "\(basePath)/\(file.name)", bytes: file.bytes) }
    return shelf
  }

  var basePath: String { URL(filePath: checkpoint.path).standardizedFileURL.path(percentEncoded: false) }

  private struct ItemFile {
    let path: String
    let label: Int
    let content: ContentHash
    let bytes: Int
  }

  /// A file that has gone meanwhile has no bytes: whoever reads it finds that it has changed.
  private var itemFiles: [ItemFile] {
    manifest.items.enumerated().map { position, item in
      let path = URL(filePath: item.path).standardizedFileURL.path(percentEncoded: false)
      return ItemFile(
        path: path, label: item.classIndex, content: plan.input.contents[position], bytes: FileSize.of(path) ?? 0)
    }
  }
}

extension Tenbin_Welcome {
  /// What workers are told, but for sockets and shared memory.
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
