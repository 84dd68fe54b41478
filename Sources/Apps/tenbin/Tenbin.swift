import ArgumentParser

/// The command that a user types.
@main
struct Tenbin: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenbin",
    abstract: "Weighs what a cheaper way of adapting a large model costs the people it serves.",
    discussion: """
      Adapts one pretrained model several ways (LoRA at several ranks, all weights, its head alone) on a cluster of \
      worker processes, and measures every way for every subgroup: accuracy and error skew, calibration, resistance to \
      membership inference; beside what each way cost.
      """,
    version: "0.1.0",
    subcommands: [
      QuickstartCommand.self, InitCommand.self, AuditCommand.self, CoordinatorCommand.self, WorkerCommand.self,
      ReducerCommand.self,
      PredictCommand.self,
      ModelCommand.self, BenchCommand.self, StatusCommand.self, ScaleCommand.self, DrainCommand.self, StopCommand.self,
      VerifyCommand.self, KeysCommand.self, DoctorCommand.self, EvaluateCommand.self, AttackCommand.self,
      PowerCommand.self,
      GateCommand.self, CompareCommand.self, RemedyCommand.self, MonitorCommand.self,
      SimulateCommand.self,
    ])
}
