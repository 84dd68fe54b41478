/// How administration shares a socket with workers: a marker frame in front of the request and of the reply.
enum AdministrationFrames {
  static let marker = Array("administration".utf8)

  static func isMarker(_ frame: UnsafeRawBufferPointer) -> Bool { frame.elementsEqual(marker) }
}
