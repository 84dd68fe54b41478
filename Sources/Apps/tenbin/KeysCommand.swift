import ArgumentParser
import Foundation
import Support
import Transport

/// The keys without which nothing listens or connects beyond its own host.
struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "Make the keys for workers and people on other hosts.",
    discussion: """
      A coordinator that listens on a network has a key and a list of the keys that may connect. Make both in one folder \
      on its host, then move the file of each worker, reducer and administrator to where it is used. A worker may only \
      take leases, a reducer may only hold slices of parameters, and an administrator may see the status of an audit, \
      scale it, drain workers and stop it.
      """,
    subcommands: [CoordinatorKey.self, WorkerKey.self, ReducerKey.self, AdminKey.self])
}

/// The coordinator's key and an empty allow-list.
struct CoordinatorKey: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coordinator", abstract: "Make the coordinator's key and an empty list of who may connect.")

  @OptionGroup var folder: KeyFolderOption

  func run() throws {
    try Session.reportingErrors(otherwise: .wrongInput) {
      let keys = folder.keys
      let publicKey = try keys.makeCoordinator()
      print("the coordinator's key: \(keys.coordinatorFile); it stays here")
      print("who may connect: \(keys.allowListFile); empty so far")
      print("its public key, which every worker's, reducer's and admin's file will hold: \(publicKey)")
    }
  }
}

/// A worker's key.
struct WorkerKey: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Make a worker's key and put it on the list.")

  @Argument(help: "The worker's name: letters, digits, dots, dashes and underscores.")
  var name: String

  @OptionGroup var folder: KeyFolderOption

  func run() throws {
    try Session.reportingErrors(otherwise: .wrongInput) { try makeClient(.worker, name: name, in: folder.keys) }
  }
}

/// A reducer's key.
struct ReducerKey: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reducer", abstract: "Make a reducer's key and put it on the list.")

  @Argument(help: "The reducer's name: letters, digits, dots, dashes and underscores.")
  var name: String

  @OptionGroup var folder: KeyFolderOption

  func run() throws {
    try Session.reportingErrors(otherwise: .wrongInput) { try makeClient(.reducer, name: name, in: folder.keys) }
  }
}

/// An administrator's key.
struct AdminKey: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "admin", abstract: "Make an administrator's key and put it on the list.")

  @Argument(help: "The person's name: letters, digits, dots, dashes and underscores.")
  var name: String

  @OptionGroup var folder: KeyFolderOption

  func run() throws {
    try Session.reportingErrors(otherwise: .wrongInput) { try makeClient(.admin, name: name, in: folder.keys) }
  }
}

struct KeyFolderOption: ParsableArguments {
  @Option(help: "The folder that holds the keys, on the coordinator's host.", completion: .directory)
  var directory: String

  func validate() throws { try PathOptions.requireNotEmpty(["--directory": directory]) }

  /// A command names files that a person can copy from anywhere.
  var keys: KeyFolder { KeyFolder(path: URL(filePath: directory).path) }
}

/// Makes a key and says where its file is to go.
private func makeClient(_ role: Role, name: String, in keys: KeyFolder) throws(WireError) {
  let publicKey = try keys.makeClient(role: role, name: name)
  let file = keys.clientFile(role: role, name: name)
  print("the key of the \(role.rawValue) \(name): \(file)")
  print("on the list \(keys.allowListFile) as: \(publicKey)")
  print("move it to where \(name) is, keep it readable by its owner only, and remove it here, for example:")
  print("  scp -p \(file) HOST: && rm \(file)")
  print("an audit that runs already takes the new key when it is started again")
}
