import Support
import Testing

@Suite struct CommandStatusTests {
  private struct Lost: ErrorWithExitStatus { let exitStatus: CommandStatus? }
  private struct Plain: Error {}

  @Test("An error's own status counts before that of the command")
  func own() {
    #expect(CommandStatus(of: Lost(exitStatus: .unreachable), otherwise: .wrongInput) == .unreachable)
    #expect(CommandStatus(of: Lost(exitStatus: nil), otherwise: .wrongInput) == .wrongInput)
    #expect(CommandStatus(of: Plain(), otherwise: .usage) == .usage)
  }

  @Test("A file that cannot be written is a failure; one that cannot be read may be the wrong one")
  func files() {
    for (step, status) in [(FileError.Step.write, CommandStatus.failure), (.open, .wrongInput), (.rename, .failure)] {
      #expect(CommandStatus(of: FileError(file: "a", step: step, reason: ""), otherwise: .wrongInput) == status)
    }
  }
}
