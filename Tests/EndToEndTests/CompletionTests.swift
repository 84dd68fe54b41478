import Foundation
import Testing

/// Scripts that complete the command line.
@Suite(.timeLimit(.minutes(45))) struct CompletionTests {
  @Test("Each shell's completion script names the commands and their options", arguments: ["bash", "zsh", "fish"])
  func script(shell: String) throws {
    let outcome = try Program.run("--generate-completion-script", shell)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for word in ["tenbin", "audit", "coordinator", "worker", "doctor", "dry-run"] {
      #expect(outcome.output.contains(word), "the script for \(shell) lacks \(word)")
    }
    #expect(outcome.errors.isEmpty)
    // The shell's own reading of it, where the shell is there.
    let places = ["/bin/\(shell)", "/usr/bin/\(shell)"]
    guard let program = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else { return }
    let file = FileManager.default.temporaryDirectory.appending(path: "tenbin-completion-\(UUID().uuidString)")
    try Data(outcome.output.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let check = Process()
    check.executableURL = URL(filePath: program)
    check.arguments = ["-n", file.path(percentEncoded: false)]
    try check.run()
    check.waitUntilExit()
    #expect(check.terminationStatus == 0)
  }

  @Test("A shell that is not known is refused as a slip in the options")
  func unknownShell() throws {
    #expect(try Program.run("--generate-completion-script", "tcsh").exitCode == 64)
  }
}
