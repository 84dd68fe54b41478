/// Raw observations of a machine, before they are judged.
package struct MachineFindings: Sendable, Equatable {
  package var processor: Processor
  package var memory: Memory
  /// Folders that an audit writes to, by what they are for.
  package var folders: [Folder]
  package var sharedMemory: SharedMemory
  package var limits: ResourceLimits
  package var runtimeFolder: RuntimeFolder
  /// Why no connection over 127.0.0.1 came about; nil if one did.
  package var loopbackProblem: String?
  package var worker: Worker
  package var clock: Clock
  package var activity: Activity

  package init(
    processor: Processor, memory: Memory, folders: [Folder], sharedMemory: SharedMemory, limits: ResourceLimits,
    runtimeFolder: RuntimeFolder, loopbackProblem: String?, worker: Worker, clock: Clock, activity: Activity
  ) {
    self.processor = processor
    self.memory = memory
    self.folders = folders
    self.sharedMemory = sharedMemory
    self.limits = limits
    self.runtimeFolder = runtimeFolder
    self.loopbackProblem = loopbackProblem
    self.worker = worker
    self.clock = clock
    self.activity = activity
  }
}

extension MachineFindings {
  /// The processor as `/proc/cpuinfo` and the scheduler tell it.
  package struct Processor: Sendable, Equatable {
    package var model: String
    /// The names of its features, `avx2` for example.
    package var features: Set<String>
    /// Cores that this process may use.
    package var cores: Int
    /// Cores' worth of time that a control group grants; nil if there is no limit.
    package var quota: Double?

    package init(model: String, features: Set<String>, cores: Int, quota: Double? = nil) {
      self.model = model
      self.features = features
      self.cores = cores
      self.quota = quota
    }

    /// Whole cores that can be kept busy, at least one.
    package var usableCores: Int { max(1, min(cores, quota.map { Int($0.rounded(.down)) } ?? cores)) }
  }

  /// Main memory, in bytes.
  package struct Memory: Sendable, Equatable {
    package var total: Int
    /// The memory available to new processes, limited by the control group too.
    package var available: Int
    package var swapTotal: Int
    package var swapUsed: Int

    package init(total: Int, available: Int, swapTotal: Int = 0, swapUsed: Int = 0) {
      self.total = total
      self.available = available
      self.swapTotal = swapTotal
      self.swapUsed = swapUsed
    }
  }

  /// A folder that is written to.
  package struct Folder: Sendable, Equatable {
    /// Its purpose: `output`, `cache` or `temporary`.
    package var purpose: String
    package var path: String
    /// Bytes free for this user; nil if the system does not tell.
    package var freeBytes: Int?
    /// Why no file can be made there; nil if one can.
    package var problem: String?
    /// The option or variable that sets another folder for this purpose.
    package var remedy: String

    package init(purpose: String, path: String, freeBytes: Int?, problem: String? = nil, remedy: String) {
      self.purpose = purpose
      self.path = path
      self.freeBytes = freeBytes
      self.problem = problem
      self.remedy = remedy
    }
  }

  /// `/dev/shm`, where workers and coordinator of one host share parameters and gradients.
  package struct SharedMemory: Sendable, Equatable {
    package var path: String
    package var totalBytes: Int?
    package var freeBytes: Int?
    /// Why no file can be made and mapped there; nil if one can.
    package var problem: String?

    package init(path: String, totalBytes: Int?, freeBytes: Int?, problem: String? = nil) {
      self.path = path
      self.totalBytes = totalBytes
      self.freeBytes = freeBytes
      self.problem = problem
    }
  }

  /// The limits of this process that are in force; nil is unlimited.
  package struct ResourceLimits: Sendable, Equatable {
    package var openFiles: Int?
    package var lockedBytes: Int?
    package var processes: Int?

    package init(openFiles: Int?, lockedBytes: Int?, processes: Int?) {
      self.openFiles = openFiles
      self.lockedBytes = lockedBytes
      self.processes = processes
    }
  }

  /// Where the sockets of an audit on one host lie.
  package struct RuntimeFolder: Sendable, Equatable {
    package var path: String
    /// Bytes of the longest name that a socket of an audit will have there.
    package var socketPathLength: Int
    /// Why no folder can be made there, or no connection comes about over a socket in it; nil if both work.
    package var problem: String?

    package init(path: String, socketPathLength: Int, problem: String? = nil) {
      self.path = path
      self.socketPathLength = socketPathLength
      self.problem = problem
    }
  }

  /// The program that computes.
  package enum Worker: Sendable, Equatable {
    /// It starts, and so finds libtorch.
    case starts(path: String, seconds: Double)
    /// There is none; `reason` says where it was expected and what to do.
    case absent(reason: String)
    /// It ended or hung before it could do anything; `reason` is what it said last.
    case fails(path: String, reason: String)
  }

  /// The clocks of the machine.
  package struct Clock: Sendable, Equatable {
    /// Seconds since 1970, in UTC.
    package var secondsSince1970: Int
    /// Seconds between the system's clock and the clock of the output folder's file system; nil if no file could be
    /// made.
    package var fileSystemDeviation: Double?
    /// Whether time that only moves forwards has moved forwards.
    package var isMonotonic: Bool

    package init(secondsSince1970: Int, fileSystemDeviation: Double?, isMonotonic: Bool) {
      self.secondsSince1970 = secondsSince1970
      self.fileSystemDeviation = fileSystemDeviation
      self.isMonotonic = isMonotonic
    }
  }

  /// Other activity.
  package struct Activity: Sendable, Equatable {
    /// Processes named `tenbin-worker`.
    package var workers: Int
    /// Threads that ran or waited to run, in the mean of the last minute; nil if the system does not tell.
    package var load: Double?

    package init(workers: Int, load: Double?) {
      self.workers = workers
      self.load = load
    }
  }
}
