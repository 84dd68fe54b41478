import Foundation
import TestSupport

/// A coordinator's host and workers' hosts, made of network and mount namespaces of this machine; gone with the object.
///
/// The coordinator's host has the address 10.0.0.1 and sees everything. A worker's host reaches that address and nothing
/// else, and sees neither the study nor shared memory.
final class Hosts {
  /// Why there can be none on this machine; nil where there can.
  static let problem: String? = {
    guard getuid() == 0 else { return "network namespaces need root" }
    do {
      let hosts = try Hosts(workers: ["probe"], hiding: "/mnt")
      guard try hosts.shell(hosts.launcher(of: "probe") + ["true"]) == 0 else {
        return "mount namespaces cannot be made here"
      }
      return nil
    } catch {
      return "\(error)"
    }
  }()

  private let prefix = "tenbin-\(UUID().uuidString.prefix(8).lowercased())"
  private let hidden: String
  /// Files of zeros that workers' hosts have at paths within what is hidden, with their sizes.
  private let decoys: [String: Int]
  /// What the workers' hosts keep: their keys and caches.
  private let folders: TemporaryFolder
  private var names: [String] = []

  /// - Parameter hidden: a folder that workers' hosts do not have.
  /// - Parameter decoys: what is found at some paths within it instead.
  init(workers: [String], hiding hidden: String, decoys: [String: Int] = [:]) throws {
    self.hidden = hidden
    self.decoys = decoys
    folders = try TemporaryFolder()
    do {
      try make(workers)
    } catch {
      remove()
      throw error
    }
  }

  deinit { remove() }

  private func make(_ workers: [String]) throws {
    try add("coordinator")
    for (index, worker) in workers.enumerated() {
      try add(worker)
      try FileManager.default.createDirectory(atPath: folder(of: worker), withIntermediateDirectories: true)
      let (ours, theirs) = (name("coordinator"), name(worker))
      try ip("link", "add", "to\(index)", "netns", ours, "type", "veth", "peer", "name", "eth0", "netns", theirs)
      // The coordinator has one address, whichever way leads to it.
      try ip("-n", ours, "address", "add", "10.0.0.1/32", "peer", "10.0.1.\(index + 1)", "dev", "to\(index)")
      try ip("-n", ours, "link", "set", "to\(index)", "up")
      try ip("-n", theirs, "address", "add", "10.0.1.\(index + 1)/32", "peer", "10.0.0.1", "dev", "eth0")
      try ip("-n", theirs, "link", "set", "eth0", "up")
    }
  }

  /// Lets the workers' hosts reach each other, by way of the coordinator's.
  func connectWorkers() throws {
    try run(["ip", "netns", "exec", name("coordinator"), "sysctl", "-qw", "net.ipv4.ip_forward=1"])
    for worker in names.dropFirst() {
      try ip("-n", worker, "route", "add", "10.0.1.0/24", "via", "10.0.0.1", "dev", "eth0")
    }
  }

  /// Bytes that have come to and gone from a host so far, over its network.
  func traffic(of host: String) throws -> (received: Int, sent: Int) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["ip", "netns", "exec", name(host), "cat", "/proc/net/dev"]
    process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let line = text.split(separator: "\n").first { $0.contains("eth0:") } ?? ""
    let numbers = (line.split(separator: ":").last ?? "").split(separator: " ").compactMap { Int($0) }
    guard numbers.count > 8 else { throw HostError(description: "no counts of eth0 in: \(text)") }
    return (numbers[0], numbers[8])
  }

  private func name(_ host: String) -> String { "\(prefix)-\(host)" }

  private func add(_ host: String) throws {
    try ip("netns", "add", name(host))
    names.append(name(host))
    try ip("-n", name(host), "link", "set", "lo", "up")
  }

  private func remove() {
    // A namespace lives as long as a process in it; those that are left are the test's own.
    for name in names {
      _ = try? shell(["sh", "-c", "ip netns pids \(name) | xargs -r kill -9"])
      _ = try? shell(["ip", "netns", "delete", name])
    }
  }

  /// A folder that is the host's own.
  func folder(of host: String) -> String { "\(folders.path)/\(host)" }

  /// What starts a program on a host.
  func launcher(of host: String) -> [String] {
    let enter = ["ip", "netns", "exec", name(host)]
    guard host != "coordinator" else { return enter }
    // Empty folders over what another host would not have.
    var script = "mount -t tmpfs none '\(hidden)' && mount -t tmpfs none /dev/shm && "
    for (path, size) in decoys {
      script += "mkdir -p \"$(dirname '\(path)')\" && head -c \(size) /dev/zero > '\(path)' && "
    }
    script += "exec \"$@\""
    return enter + ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
  }

  /// Lets so many bits a second pass to a worker's host; nil for as many as there are.
  func limit(_ index: Int, rate: String?) throws {
    let device = ["dev", "to\(index)", "root"]
    if let rate {
      try run(
        ["tc", "-n", name("coordinator"), "qdisc", "add"] + device + [
          "tbf", "rate", rate, "burst", "64kb", "latency", "1s",
        ])
    } else {
      try run(["tc", "-n", name("coordinator"), "qdisc", "del"] + device)
    }
  }

  private func ip(_ arguments: String...) throws { try run(["ip"] + arguments) }

  private func run(_ words: [String]) throws {
    guard try shell(words) == 0 else { throw HostError(description: "this failed: \(words.joined(separator: " "))") }
  }

  private func shell(_ words: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = words
    process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}

private struct HostError: Error, CustomStringConvertible {
  let description: String
}

extension Hosts {
  /// Starts `tenbin` on a worker's host, with a cache of its own.
  func start(on host: String, _ arguments: [String], in folder: String? = nil) throws -> WatchedAudit {
    let cache = host == "coordinator" ? [:] : ["TENBIN_CACHE": cache(of: host)]
    return try WatchedAudit(
      arguments, launcher: launcher(of: host), in: folder ?? self.folder(of: host), environment: cache)
  }

  func cache(of host: String) -> String { "\(folder(of: host))/cache" }

  /// The digests that a host's cache holds under a name with this ending, with their sizes.
  func contents(of host: String, ending: String = "") -> [String: Int] {
    let folder = "\(cache(of: host))/content"
    var found: [String: Int] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      guard name.count == 64 + ending.count, name.hasSuffix(ending) else { continue }
      let size = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.size] as? Int
      found[String(name.prefix(64))] = size ?? 0
    }
    return found
  }
}
