internal import Foundation
internal import SwiftProtobuf

/// What people ask from their shells.
extension CoordinatorSocketLoop {
  func receiveRequest(_ frames: [UnsafeRawBufferPointer], user: String?) {
    guard let first = frames.first else { return }
    counter.count(received: frames.reduce(0) { $0 + $1.count })
    guard frames.count == 3, AdministrationFrames.isMarker(frames[1]) else {
      let requester = Requester(door: .administration, routingIdentifier: Array(first))
      return refuse(requester, because: .badRequest)
    }
    receiveRequest(frames, at: .administration, user: user)
  }

  /// Takes a request, a routing identifier, the marker and a message, that came through `door`.
  func receiveRequest(_ frames: [UnsafeRawBufferPointer], at door: Requester.Door, user: String?) {
    let requester = Requester(door: door, routingIdentifier: Array(frames[0]))
    if door == .control {
      guard let user else { return refuse(requester, because: .administrationWithoutKeys) }
      guard User(user)?.role == .admin else { return refuse(requester, because: .wrongRole) }
    }
    guard frames[2].count <= WireLimits.control,
      let request = try? Tenbin_AdministrationRequest(serializedBytes: Array(frames[2]))
    else { return refuse(requester, because: .badRequest) }
    guard request.protocol == CoordinatorEndpoint.protocolVersion else {
      return refuse(requester, because: .otherVersion)
    }
    guard request.body != nil else { return refuse(requester, because: .badRequest) }
    emit(.request(request, from: requester))
  }

  func answer(_ reply: Tenbin_AdministrationReply, to requester: Requester) {
    var reply = reply
    reply.protocol = CoordinatorEndpoint.protocolVersion
    let encoded = reply.encoded
    let socket = requester.door == .control ? sockets.control : sockets.administration
    do throws(WireError) {
      // Whoever asked may have gone; that is no failure.
      guard try socket?.send([requester.routingIdentifier, AdministrationFrames.marker, encoded]) == .sent else {
        return
      }
      counter.count(sent: encoded.count)
    } catch { fail(error) }
  }

  private func refuse(_ requester: Requester, because reason: RefusalReason) {
    refusals.count(reason)
    let explanation =
      switch reason {
      case .administrationWithoutKeys:
        "without keys an audit is administered from its own host only, through its administration socket"
      case .wrongRole: "this key is no admin's; make one with: tenbin keys admin NAME"
      case .otherVersion:
        "the coordinator speaks version \(CoordinatorEndpoint.protocolVersion) of the protocol; install the same "
          + "version of Tenbin here"
      default: reason.rawValue
      }
    answer(.with { $0.refused = explanation }, to: requester)
  }
}
