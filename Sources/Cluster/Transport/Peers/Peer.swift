/// A worker's incarnation as its sockets name it.
package struct Peer: Hashable, Sendable, CustomStringConvertible {
  package let routingIdentifier: [UInt8]

  package init(routingIdentifier: [UInt8]) { self.routingIdentifier = routingIdentifier }

  package var description: String { routingIdentifier.map { String($0, radix: 16) }.joined() }
}
