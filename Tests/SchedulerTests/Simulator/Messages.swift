import Optimization
import Scheduler
import Support

/// What a coordinator sends to a identifier.
enum CoordinatorMessage {
  case plan(Int)
  case parameters(run: Int, version: Int, generation: Int, FloatBuffer)
  case state(run: Int, generation: Int, TrainingState)
  case grant(WorkerLease, end: Int)
  case recall(Int)
  case welcome
  case dismissed(AuditStateMachine.Dismissal)
  /// The coordinator does not know the identifier.
  case unknown
}

/// What a identifier sends to a coordinator.
enum WorkerMessage {
  case hello
  case heartbeat
  case units(lease: Int, DeliveredUnits)
  case steps(lease: Int, DeliveredSteps)
  case stale(lease: Int)
}

/// What happens in a world.
enum WorldEvent {
  case toWorker(Int, WorkerIdentifier, CoordinatorMessage, connection: Int)
  case toCoordinator(Int, WorkerIdentifier, WorkerMessage, connection: Int, session: Int)
  case unreachable(WorkerIdentifier, session: Int)
  case slicesLost(run: Int, session: Int)
  /// Something that the audit asked for is there; where slices are named, from their reducer.
  case answer(AuditStateMachine.Event, SimulatedSlices?, session: Int)
  case activity(worker: Int, number: Int)
  case heartbeat(worker: Int, process: Int)
  case tick(session: Int)
  case fault(Scenario.Happening)
  case wake(worker: Int)
  case start(worker: Int)
  case rejoin(worker: Int, WorkerIdentifier)
  case startCoordinator
  case calm
}

/// The connection between a worker and the coordinator.
struct Link {
  /// Counts connections; what was under way in an earlier one is lost.
  var connection = 0
  /// Nothing arrives before.
  var partitionedUntil = 0
  /// The last arrival of each kind of message, so that none overtakes another.
  var lastArrival: [Int: Int] = [:]
}

/// A region of memory that a coordinator shares with the workers of its host.
final class SharedMemory {
  let buffer: FloatBuffer
  /// -1 while it changes.
  var version = -1

  init(count: Int) {
    buffer = FloatBuffer(repeating: 0, count: count)
  }
}
