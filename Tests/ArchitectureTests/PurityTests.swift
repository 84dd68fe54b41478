import Foundation
import Testing

/// State machines and statistics are functions of their inputs: no file, clock, socket, process or environment.
@Suite struct PurityTests {
  private let tree: SourceTree

  init() throws { tree = try SourceTree() }

  private static let pure = ["Planning", "Optimization", "Scheduler", "Statistics", "Metrics", "MembershipInference"]

  @Test("Pure libraries import only each other, Support and the standard modules", arguments: Self.pure)
  func imports(library name: String) throws {
    let library = try #require(tree[name])
    let allowed = Set(Self.pure + ["Support", "Foundation", "Dispatch", "Synchronization"])
    #expect(library.imports.subtracting(allowed) == [])
  }

  @Test("Pure libraries use no file, clock, socket, process or environment", arguments: Self.pure)
  func words(library name: String) throws {
    let library = try #require(tree[name])
    let impure = [
      "FileManager", "FileHandle", "FileBytes", "contentsOf:", "contentsOfFile:", "fopen", "Date(", "DispatchTime",
      "ContinuousClock", "SuspendingClock", "clock_gettime", "Timer", "usleep", "Thread.sleep", "Process(",
      "ProcessInfo", "getenv", "socket(", "URLSession", "SystemRandomNumberGenerator", "DispatchSemaphore",
    ]
    var found: Set<String> = []
    for (file, text) in library.files {
      let code = text.split(separator: "\n").filter { !$0.drop(while: \.isWhitespace).hasPrefix("//") }
      for word in impure where code.contains(where: { $0.contains(word) && !$0.contains("append(contentsOf:") }) {
        found.insert("\(file): \(word)")
      }
    }
    #expect(found == [])
  }
}
