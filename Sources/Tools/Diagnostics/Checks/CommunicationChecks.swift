/// Sockets and clocks.
extension MachineFindings {
  var communicationChecks: [Check] { [runtimeFolderCheck, loopbackCheck, clockCheck] }

  /// What libzmq and the system let a socket's name be, in bytes, with its end.
  private static let longestSocketPath = 107

  private var runtimeFolderCheck: Check {
    let name = "local sockets"
    if runtimeFolder.socketPathLength > Self.longestSocketPath {
      return .missing(
        name,
        "\(runtimeFolder.path): a socket's name would take \(runtimeFolder.socketPathLength) bytes of the "
          + "\(Self.longestSocketPath) there are",
        advice: "set XDG_RUNTIME_DIR to a shorter path, or name an address with --listen")
    }
    if let problem = runtimeFolder.problem {
      return .missing(
        name, "\(runtimeFolder.path): \(problem)",
        advice: "set XDG_RUNTIME_DIR to a folder of this user on a local disk, or name an address with --listen")
    }
    return .ok(name, "\(runtimeFolder.path): a connection over a socket there works")
  }

  private var loopbackCheck: Check {
    guard let loopbackProblem else { return .ok("loopback", "a connection over 127.0.0.1 works") }
    return .warning(
      "loopback", "no connection over 127.0.0.1: \(loopbackProblem)",
      advice: "only --listen tcp://… needs it; bring the interface up with: ip link set lo up")
  }

  /// The first of January 2025: no build of this program is older.
  private static let earliestTime = 1_735_689_600

  private var clockCheck: Check {
    if !clock.isMonotonic {
      return .missing(
        "clock", "time went backwards on the monotonic clock",
        advice: "leases cannot be timed here; restart the machine, or move to another host of virtual machines")
    }
    if clock.secondsSince1970 < Self.earliestTime {
      return .warning(
        "clock", "the system's clock is before 2025",
        advice: "dates in logs and file times will be wrong; start a time service such as chrony")
    }
    if let deviation = clock.fileSystemDeviation, abs(deviation) > 5 {
      let ahead = deviation > 0 ? "ahead" : "behind"
      return .warning(
        "clock", "the output folder's file system is \(Int(abs(deviation).rounded())) s \(ahead) of this machine",
        advice: "start a time service such as chrony on this machine or on the file server")
    }
    return .ok("clock", "the system's, the monotonic and the file system's agree")
  }
}
