/// Bytes for a person: "512 B", "64 MiB", "10.0 GiB".
package enum ByteCount {
  package static func text(_ bytes: Int) -> String {
    guard bytes >= 1024 else { return "\(bytes) B" }
    var (value, unit) = (Double(bytes) / 1024, 0)
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    while value >= 1023.5, unit + 1 < units.count {
      value /= 1024
      unit += 1
    }
    // From one gibibyte on, a decimal matters.
    return unit < 2 ? "\(Int(value.rounded())) \(units[unit])" : "\((value * 10).rounded() / 10) \(units[unit])"
  }
}
