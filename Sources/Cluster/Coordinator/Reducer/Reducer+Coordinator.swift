internal import Foundation
internal import Optimization
internal import Support
internal import SwiftProtobuf
internal import Transport

// What the coordinator asks for.
extension Reducer {
  func take(_ request: Tenbin_SliceRequest) {
    switch request.work {
    case .adopt?:
      adoptions[request.call] = request
      adopt(call: request.call)
    case .release?: shelf.remove(request.slice)
    case .reduce(let reduce)?:
      answer(request) { slice in
        let reduced = try slice.reduce(
          leases: reduce.leases.map { Int($0) }, microBatches: Int(reduce.microBatches), in: parallelLoop)
        return .with {
          $0.digests = reduced.digests.map { Data($0.bytes) }
          $0.squares = reduced.squares
          $0.isFinite = reduced.isFinite
        }
      }
    case .update(let update)?:
      answer(request) { slice in
        try slice.update(scale: update.scale, rate: update.rate, in: parallelLoop)
        return .with { $0.digests = slice.digests.map { Data($0.bytes) } }
      }
    case .collect?:
      var numbers: [UInt8] = []
      answer(request) { slice in
        let parts = [slice.parameters, slice.moments.first, slice.moments.second]
        numbers.reserveCapacity(parts.count * slice.parameters.count * 4)
        for part in parts { numbers.append(contentsOf: UnsafeRawBufferPointer(part.floats)) }
        return Tenbin_SliceAnswer()
      }
      guard !numbers.isEmpty else { return }
      let subject = Tenbin_SliceStateSubject.with { $0.call = request.call }
      coordinator.send(Transfer(subject: .sliceState(subject), payload: numbers), identifier: nextTransfer)
      nextTransfer += 1
    case nil: break
    }
  }

  private func answer(
    _ request: Tenbin_SliceRequest, _ body: (inout ParameterSlice) throws -> Tenbin_SliceAnswer
  ) {
    var answer: Tenbin_SliceAnswer
    do {
      answer = try shelf.change(request.slice, step: Int(request.step), body)
    } catch {
      answer = .with { $0.problem = "\(error)" }
    }
    answer.call = request.call
    coordinator.send(.sliceAnswer(answer))
  }

  /// The numbers of a slice have come.
  func take(_ transfer: Transfer) {
    guard case .sliceState(let subject) = transfer.subject, let floats = transfer.floats else { return }
    numbers[subject.call] = FloatBuffer(floats)
    adopt(call: subject.call)
  }

  /// Takes a slice over when both its request and its numbers are here.
  private func adopt(call: UInt64) {
    guard let request = adoptions[call], let floats = numbers[call] else { return }
    (adoptions[call], numbers[call]) = (nil, nil)
    let adopted = request.adopt
    let count = Int(clamping: adopted.elements)
    var answer = Tenbin_SliceAnswer.with { $0.call = call }
    if count > 0, floats.count == (adopted.isFresh ? 1 : 3) * count {
      func piece(_ index: Int) -> FloatBuffer {
        FloatBuffer(copying: floats.pointer, from: index * count, count: count)
      }
      shelf.insert(
        ParameterSlice(
          ofVector: Int(clamping: adopted.count), step: Int(request.step), parameters: piece(0),
          moments: adopted.isFresh ? nil : (piece(1), piece(2)), weightDecay: adopted.weightDecay),
        identifier: request.slice)
    } else {
      answer.problem = "\(ShelfError.numbers(expected: count, found: floats.count))"
    }
    coordinator.send(.sliceAnswer(answer))
  }
}
