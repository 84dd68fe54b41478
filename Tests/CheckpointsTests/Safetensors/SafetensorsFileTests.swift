import Checkpoints
import Foundation
import Support
import TestSupport
import Testing

@Suite struct SafetensorsFileTests {
  @Test("What is written is read back bit for bit, by name")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/model.safetensors"
    let values: [Float] = [1, -0.0, .pi, .infinity, .leastNonzeroMagnitude, .nan]
    try SafetensorsWriter.write(
      [
        NamedTensor(name: "z/\"weight\"\n", shape: [2, 3], floats: values),
        NamedTensor(name: "scalar", shape: [], floats: [7]),
        NamedTensor(name: "empty", shape: [0, 5], floats: []),
        NamedTensor(name: "flags", type: .bool, shape: [3], bytes: Data([1, 0, 1])),
        NamedTensor(name: "ids", type: .int64, shape: [1], bytes: Data([9, 0, 0, 0, 0, 0, 0, 0])),
      ], to: path, metadata: ["format": "pt", "言語": "日本語"])
    let file = try SafetensorsFile(path: path)
    #expect(file.names == ["empty", "flags", "ids", "scalar", "z/\"weight\"\n"])
    #expect(file.metadata == ["format": "pt", "言語": "日本語"])
    #expect(try file.floats("z/\"weight\"\n").map(\.bitPattern) == values.map(\.bitPattern))
    #expect(try file.floats("scalar") == [7])
    #expect(try file.floats("empty") == [])
    #expect(file.entry("empty")?.shape == [0, 5])
    #expect(try Array(file.bytes("flags")) == [1, 0, 1])
    #expect(file.entry("ids")?.type == .int64)
    #expect(throws: SafetensorsError(file: path, problem: .notConvertible(name: "ids", type: .int64))) {
      try file.floats("ids")
    }
    #expect(throws: SafetensorsError(file: path, problem: .missing(name: "absent"))) { try file.floats("absent") }
  }

  @Test("Half precision and bfloat16 convert exactly")
  func conversion() throws {
    let folder = try TemporaryFolder()
    // 1.0, −2.0, the smallest subnormal and infinity in half precision; 1.0 and −2.5 in bfloat16.
    let half = Data([0x00, 0x3C, 0x00, 0xC0, 0x01, 0x00, 0x00, 0x7C])
    let brain = Data([0x80, 0x3F, 0x20, 0xC0])
    let path = try folder.write(
      SafetensorsWriter.serialized([
        NamedTensor(name: "half", type: .float16, shape: [4], bytes: half),
        NamedTensor(name: "brain", type: .bfloat16, shape: [2], bytes: brain),
      ]), to: "file.safetensors")
    let file = try SafetensorsFile(path: path)
    #expect(try file.floats("half") == [1, -2, 0x1p-24, .infinity])
    #expect(try file.floats("brain") == [1, -2.5])
  }

  @Test("The bytes of a file depend on its tensors, not on the order they are given in")
  func determinism() throws {
    let tensors = (0..<20).map { NamedTensor(name: "tensor.\($0)", shape: [$0], floats: (0..<$0).map(Float.init)) }
    let bytes = try SafetensorsWriter.serialized(tensors, metadata: ["b": "2", "a": "1"])
    #expect(try SafetensorsWriter.serialized(tensors.reversed(), metadata: ["a": "1", "b": "2"]) == bytes)
  }

  @Test("A writer that is given too few values, or a name twice, leaves the old file as it was")
  func writerErrors() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("old", to: "file.safetensors")
    #expect(throws: SafetensorsError(file: path, problem: .valueCount(name: "a", expected: 16, found: 8))) {
      try SafetensorsWriter.write([NamedTensor(name: "a", shape: [4], floats: [1, 2])], to: path)
    }
    let tensor = NamedTensor(name: "a", shape: [1], floats: [1])
    #expect(throws: SafetensorsError(file: path, problem: .duplicate(name: "a"))) {
      try SafetensorsWriter.write([tensor, tensor], to: path)
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file.safetensors"])
  }

  @Test("A folder that does not exist is named with the reason")
  func missingFolder() throws {
    let tensor = NamedTensor(name: "a", shape: [1], floats: [1])
    let error = #expect(throws: FileError.self) {
      try SafetensorsWriter.write([tensor], to: "/nonexistent/model.safetensors")
    }
    #expect(error?.description.contains("No such file or directory") == true)
  }
}
