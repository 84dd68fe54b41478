import ArgumentParser

/// The command that a user types.
@main
struct Tenbin: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenbin",
    abstract: "Measures what a cheaper way of adapting a large model costs the people it serves.",
    discussion: """
      Adapts one pretrained model in several ways (LoRA at several ranks, all weights, a new head only) on a cluster of \
      worker processes. For every way and every subgroup it measures accuracy, errors, calibration and resistance to \
      membership inference, and what each way cost.
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
