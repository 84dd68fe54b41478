internal import Foundation
internal import Support
internal import SwiftProtobuf
internal import Synchronization
internal import Transport

/// Answers workers that ask for contents, on a queue of its own: neither leases nor heartbeats wait for a disk.
///
/// For each peer only a few pieces are read ahead, and the next ones when those have been sent. So a slow link costs no
/// memory here, and delays only its own worker.
final class ContentServer: Sendable {
  private let index: ContentIndex
  private let connections: any PeerConnections
  private let queue = DispatchQueue(label: "contents", qos: .utility)
  private let peers = Mutex<[Peer: Waiting]>([:])

  private struct Waiting {
    var requests: [Tenbin_ContentRequest] = []
    var first = 0
    /// Pieces that were read or are being read, and were not sent yet.
    var pieces = 0
    var bytes = 0

    var count: Int { requests.count - first }
  }

  /// The most requests of one peer that may wait: four windows of an honest worker.
  private static let mostRequests = 1_024
  private static let piecesAhead = 64
  private static let bytesAhead = 2 << 20

  init(index: ContentIndex, connections: any PeerConnections) {
    self.index = index
    self.connections = connections
  }

  /// Takes a request; false if the peer asks for more than any honest worker does.
  func take(_ request: Tenbin_ContentRequest, from peer: Peer) -> Bool {
    let isTaken = peers.withLock { peers in
      guard peers[peer, default: Waiting()].count < Self.mostRequests else { return false }
      peers[peer, default: Waiting()].requests.append(request)
      return true
    }
    if isTaken { serve(peer) }
    return isTaken
  }

  /// The peer has gone.
  func forget(_ peer: Peer) { peers.withLock { $0[peer] = nil } }

  private func serve(_ peer: Peer) {
    while let request = next(of: peer) {
      queue.async { [self] in answer(request, to: peer) }
    }
  }

  private func next(of peer: Peer) -> Tenbin_ContentRequest? {
    peers.withLock { peers in
      guard var waiting = peers[peer], waiting.count > 0, waiting.pieces < Self.piecesAhead,
        waiting.bytes < Self.bytesAhead
      else { return nil }
      let request = waiting.requests[waiting.first]
      waiting.first += 1
      if waiting.first == waiting.requests.count { (waiting.requests, waiting.first) = ([], 0) }
      waiting.pieces += 1
      waiting.bytes += Int(request.bytes)
      peers[peer] = waiting
      return request
    }
  }

  private func answer(_ request: Tenbin_ContentRequest, to peer: Peer) {
    guard peers.withLock({ $0[peer] != nil }) else { return }
    // A piece was sent, or dropped with its peer, when its last owner releases it.
    let departure = DeinitCallback { [self] in left(request, of: peer) }
    do {
      guard let content = ContentHash(bytes: request.content) else {
        throw ContentIndex.Problem(description: "\(request.content.count) bytes are not a digest")
      }
      let bytes = try index.read(content, offset: request.offset, bytes: request.bytes)
      let subject = Tenbin_ContentSubject.with {
        $0.content = request.content
        $0.offset = request.offset
      }
      connections.send(Transfer(subject: .content(subject), payload: bytes, owner: departure), to: peer)
    } catch {
      connections.send(
        .contentAnswer(
          .with {
            $0.content = request.content
            $0.problem = "\(error)"
          }), to: peer)
      withExtendedLifetime(departure) {}
    }
  }

  private func left(_ request: Tenbin_ContentRequest, of peer: Peer) {
    peers.withLock { peers in
      peers[peer]?.pieces -= 1
      peers[peer]?.bytes -= Int(request.bytes)
    }
    serve(peer)
  }
}

/// Calls a closure when its last owner releases it.
final class DeinitCallback: Sendable {
  private let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  deinit { body() }
}
