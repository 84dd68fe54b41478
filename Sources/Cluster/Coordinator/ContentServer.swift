internal import Foundation
internal import Support
internal import SwiftProtobuf
internal import Synchronization
internal import Transport

/// Answers workers that ask for contents, on a queue of its own: neither leases nor heartbeats wait for a disk.
///
/// A peer is read ahead for by a few pieces only; the next ones are read when those have left. So a slow link costs no
/// memory here, and nobody waits for it but its own worker.
final class ContentServer: Sendable {
  private let shelf: ContentShelf
  private let endpoint: CoordinatorEndpoint
  private let queue = DispatchQueue(label: "contents", qos: .utility)
  private let peers = Mutex<[Peer: Waiting]>([:])

  private struct Waiting {
    var requests: [Tenbin_ContentRequest] = []
    var first = 0
    /// Pieces that were read or are being read, and have not left.
    var pieces = 0
    var bytes = 0

    var count: Int { requests.count - first }
  }

  /// Requests of one peer that may wait; four windows of an honest one.
  private static let mostRequests = 1_024
  private static let piecesAhead = 64
  private static let bytesAhead = 2 << 20

  init(shelf: ContentShelf, endpoint: CoordinatorEndpoint) {
    self.shelf = shelf
    self.endpoint = endpoint
  }

  /// Takes a request; false where the peer asks for more than anybody could take.
  func take(_ request: Tenbin_ContentRequest, from peer: Peer) -> Bool {
    let isTaken = peers.withLock { peers in
      guard peers[peer, default: Waiting()].count < Self.mostRequests else { return false }
      peers[peer, default: Waiting()].requests.append(request)
      return true
    }
    if isTaken { goOn(with: peer) }
    return isTaken
  }

  /// The peer has gone.
  func forget(_ peer: Peer) { peers.withLock { $0[peer] = nil } }

  private func goOn(with peer: Peer) {
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
    // A piece has left when nobody holds it any more, or was dropped with its peer.
    let departure = LastOwner { [self] in left(request, of: peer) }
    do {
      guard let content = ContentHash(bytes: request.content) else {
        throw ContentShelf.Problem(description: "\(request.content.count) bytes are no digest")
      }
      let bytes = try shelf.read(content, offset: request.offset, bytes: request.bytes)
      let subject = Tenbin_ContentSubject.with {
        $0.content = request.content
        $0.offset = request.offset
      }
      endpoint.send(Transfer(subject: .content(subject), payload: bytes, owner: departure), to: peer)
    } catch {
      endpoint.send(
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
    goOn(with: peer)
  }
}
