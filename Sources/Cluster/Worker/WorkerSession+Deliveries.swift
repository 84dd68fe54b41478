internal import Foundation
internal import Optimization
internal import Support
internal import SwiftProtobuf
internal import Transport

/// A part of a delivery, and the numbers that belong to it.
struct Part {
  var message = Tenbin_Part()
  var floats: FloatBuffer?

  init(gradient: GradientSum, file: OutgoingBuffers.Buffer) {
    self.init(sliced: gradient)
    place(file)
  }

  /// A gradient whose numbers went to reducers.
  init(sliced gradient: GradientSum) {
    message.gradient = .with {
      $0.firstUnit = UInt32(gradient.range.lowerBound)
      $0.endUnit = UInt32(gradient.range.upperBound)
      $0.lossSum = gradient.lossSum
      $0.samples = UInt64(gradient.samples)
    }
  }

  init(logits: [Float]) {
    message.logits = Tenbin_LogitsPart()
    floats = FloatBuffer(logits)
  }

  init(state: TrainingState, buffer: OutgoingBuffers.Buffer) {
    message.state = .with {
      $0.step = UInt32(state.step)
      $0.epochLossSum = state.epoch.sum
      $0.epochSamples = UInt64(state.epoch.samples)
      $0.losses = state.losses
    }
    place(buffer)
  }

  private mutating func place(_ buffer: OutgoingBuffers.Buffer) {
    if let file = buffer.file {
      message.shared = .with {
        $0.name = file.name
        $0.bytes = UInt64(file.bytes)
      }
    } else {
      floats = buffer.floats
    }
  }
}

extension WorkerSession {
  func deliver(
    _ parts: [Part], lease: Int, spent: LeaseClock.Spent, _ complete: (inout Tenbin_Delivery) -> Void
  ) {
    var delivery = Tenbin_Delivery()
    delivery.lease = UInt64(lease)
    for var part in parts {
      if let floats = part.floats {
        let subject = Tenbin_DeliverySubject.with { $0.lease = UInt64(lease) }
        part.message.transfer = nextTransfer
        endpoint.send(
          Transfer(subject: .delivery(subject), payload: Array(UnsafeRawBufferPointer(floats.floats))),
          identifier: nextTransfer)
        nextTransfer += 1
      }
      delivery.parts.append(part.message)
    }
    delivery.workerSeconds = spent.seconds
    delivery.processorSeconds = spent.processorSeconds
    delivery.peakResidentBytes = ProcessMemory.peakResidentBytes
    complete(&delivery)
    endpoint.send(.delivery(delivery))
    endpoint.report(unitsDone: unitsDone, stepsDone: stepsDone)
  }
}

/// What a lease costs from here on.
struct LeaseClock {
  private let began = ContinuousClock.now
  private let processorBefore = ProcessMemory.processorSeconds

  struct Spent {
    var seconds = 0.0
    var processorSeconds = 0.0
  }

  var spent: Spent {
    Spent(
      seconds: (ContinuousClock.now - began) / .seconds(1),
      processorSeconds: ProcessMemory.processorSeconds - processorBefore)
  }
}
