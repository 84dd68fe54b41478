/// What is wrong with a checkpoint or adapter folder, or with a request made of one.
package struct CheckpointError: Error, Hashable, CustomStringConvertible {
  /// The file or folder the problem is in.
  package let file: String
  package let problem: Problem

  package init(file: String, problem: Problem) {
    self.file = file
    self.problem = problem
  }

  /// The ways in which a checkpoint can be unusable.
  package enum Problem: Hashable, Sendable {
    /// A file cannot be read or written.
    case system(step: String, reason: String)
    /// A file that the folder must hold is missing.
    case missingFile(expected: String)
    /// The folder holds an adapter, which is nothing without its base.
    case adapter
    /// The folder holds weights as a Python pickle only.
    case pickle(found: String)
    /// A JSON file does not parse, or a key holds something unexpected.
    case malformed(key: String, expected: String)
    /// The configuration is of a model that Tenbin does not know.
    case unsupportedArchitecture(found: String, supported: [String])
    /// A key has a value that Tenbin does not implement.
    case unsupported(key: String, found: String, supported: String)
    /// All tensors that keep the file from being the model its configuration describes.
    case tensors(missing: [String], misshapen: [String], surplus: [String])
    /// A LoRA target that the architecture does not have.
    case unknownTarget(found: String, known: [String])
    /// LoRA on nothing, on a layer that does not exist, or of no rank.
    case invalidAdapter(reason: String)
    /// A flat buffer of another length than its layout.
    case valueCount(expected: Int, found: Int)
    /// A name that the checkpoint does not hold.
    case missingTensor(name: String)
    /// The file changed while it was open.
    case changed
  }

  package var description: String { "\(file): \(explanation)" }

  /// The problem in words, without the file.
  package var explanation: String {
    switch problem {
    case .system(let step, let reason): return "cannot \(step): \(reason)"
    case .missingFile(let expected): return "expected \(expected) in this folder; a Hugging Face checkpoint holds it"
    case .adapter:
      return
        "holds a PEFT adapter, expected a whole checkpoint; name the checkpoint that it was made for here, and the "
        + "adapter by --adapter, or in a specification by an arm adapter: FOLDER"
    case .pickle(let found):
      return "the weights are in \(found), a Python pickle, which can run any code when it is opened; convert it to "
        + "model.safetensors on a machine you trust: AutoModel….from_pretrained(folder).save_pretrained(new_folder)"
    case .malformed(let key, let expected): return key.isEmpty ? "expected \(expected)" : "\(key): expected \(expected)"
    case .unsupportedArchitecture(let found, let supported):
      return "the checkpoint is of the architecture \(found); supported: \(supported.joined(separator: ", "))"
    case .unsupported(let key, let found, let supported): return "\(key) is \(found); supported: \(supported)"
    case .tensors(let missing, let misshapen, let surplus):
      let parts = [("missing", missing), ("misshapen", misshapen), ("surplus", surplus)]
      let lists = parts.filter { !$0.1.isEmpty }.map { "\($0.0) tensors: \($0.1.joined(separator: ", "))" }
      return "the tensors do not make the model that config.json describes; " + lists.joined(separator: "; ")
    case .unknownTarget(let found, let known):
      return "no LoRA target named \"\(found)\"; this architecture has \(known.joined(separator: ", "))"
    case .invalidAdapter(let reason): return reason
    case .valueCount(let expected, let found): return "expected \(expected) parameters, found \(found)"
    case .missingTensor(let name): return "no tensor named \"\(name)\""
    case .changed: return "the file changed while it was read; leave it alone and start again"
    }
  }
}
