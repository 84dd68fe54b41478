/// The program that computes.
extension MachineFindings {
  var programChecks: [Check] { [workerCheck] }

  private var workerCheck: Check {
    let name = "tenbin-worker"
    switch worker {
    case .starts(let path, let seconds):
      return .ok(name, "\(path): starts, with libtorch, in \((seconds * 10).rounded() / 10) s")
    case .absent(let reason):
      return Check(name: name, verdict: .missing, finding: reason, advice: nil)
    case .fails(let path, let reason) where reason.contains("shared libraries"):
      return .missing(
        name, "\(path): \(reason)",
        advice: "run scripts/setup, which fetches libtorch and the Debian packages; a libtorch that has moved is found "
          + "again by a build with TENBIN_LIBTORCH set to its folder")
    case .fails(let path, let reason):
      return .missing(
        name, "\(path): \(reason)",
        advice: "run it by hand with --help; where it says nothing, the processor may lack what libtorch was built for")
    }
  }
}
