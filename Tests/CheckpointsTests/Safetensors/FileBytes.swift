import Foundation

/// A safetensors file of `header` and `data`, whose length field says `length` where given.
func fileBytes(header: String, data: Data = Data(), length: UInt64? = nil) -> Data {
  withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Data($0) } + Data(header.utf8) + data
}
