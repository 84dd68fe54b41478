internal import Foundation
internal import Optimization
internal import Support
internal import SwiftProtobuf
internal import Transport

// What workers send and ask for.
extension Reducer {
  func handle(_ event: CoordinatorEvent) throws {
    switch event {
    case .message(let message, let peer):
      workers[peer] = .now
      switch message.body {
      case .hello?: server?.send(.welcome(.with { $0.bulkEndpoint = server?.bulk ?? "" }), to: peer)
      case .parametersRequest(let request)?: give(request, to: peer)
      case .goodbye?: forget(peer)
      default: break
      }
    case .ready(let peer, _): server?.admit(peer)
    case .transfer(let transfer, _, let peer): take(transfer, from: peer)
    case .unreachable(let peer): forget(peer)
    case .failed(let error): throw error
    case .malformed, .request: break
    }
  }

  func forget(_ peer: Peer) {
    workers[peer] = nil
    server?.forget(peer)
  }

  /// Sends the parameters of a slice. Who has them may send gradients of their size.
  private func give(_ request: Tenbin_ParametersRequest, to peer: Peer) {
    guard let parameters = shelf.parameters(slice: request.slice, version: Int(request.version)) else {
      server?.send(
        .sliceMissing(
          .with {
            $0.slice = request.slice
            $0.version = request.version
          }), to: peer)
      return
    }
    let subject = Tenbin_SliceParametersSubject.with {
      $0.slice = request.slice
      $0.version = request.version
    }
    server?.expect(bytes: Self.gradientsAhead * parameters.count * 4, from: peer)
    server?.send(
      Transfer(subject: .sliceParameters(subject), payload: Array(UnsafeRawBufferPointer(parameters.floats))), to: peer)
  }

  /// Gradients that a worker may send before one of them was taken: two leases, of two nodes for each level of a tree.
  private static let gradientsAhead = 64

  private func take(_ transfer: Transfer, from peer: Peer) {
    workers[peer] = .now
    guard case .sliceGradient(let subject) = transfer.subject, subject.firstUnit < subject.endUnit,
      let floats = transfer.floats
    else { return }
    server?.expect(bytes: transfer.payload.count, from: peer)
    let node = GradientSum(
      range: Int(subject.firstUnit)..<Int(subject.endUnit), gradient: FloatBuffer(floats), lossSum: subject.lossSum,
      samples: Int(clamping: subject.samples))
    guard
      let receipt = shelf.take(
        node, slice: subject.slice, step: Int(subject.step), lease: Int(clamping: subject.lease))
    else { return }
    let traffic = server?.traffic ?? Traffic()
    coordinator.send(
      .sliceReceipt(
        .with {
          $0.slice = subject.slice
          $0.step = subject.step
          $0.lease = subject.lease
          $0.firstUnit = subject.firstUnit
          $0.endUnit = subject.endUnit
          $0.digests = receipt.digests.map { Data($0.bytes) }
          $0.isFinite = receipt.isFinite
          $0.bytesSent = UInt64(traffic.sent)
          $0.bytesReceived = UInt64(traffic.received)
        }))
  }
}
