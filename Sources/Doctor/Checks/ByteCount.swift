/// Bytes for a person: `512 MiB`, `3.9 GiB`.
enum ByteCount {
  static func text(_ bytes: Int) -> String {
    let mebibytes = Double(bytes) / 0x1p20
    guard mebibytes < 1024 else { return "\((mebibytes / 102.4).rounded() / 10) GiB" }
    return "\(Int(mebibytes.rounded())) MiB"
  }
}
