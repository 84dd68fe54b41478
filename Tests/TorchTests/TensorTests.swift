import Testing
import Torch

@Suite struct TensorTests {
  @Test("Reshaping, permuting, narrowing and concatenating keep each element in its place")
  func shapes() throws {
    let tensor = try Tensor.copying([0, 1, 2, 3, 4, 5], shape: [2, 3])
    #expect(try tensor.permuted([1, 0]).floats() == [0, 3, 1, 4, 2, 5])
    #expect(try tensor.reshaped([3, -1]).shape == [3, 2])
    #expect(try tensor.narrowed(1, 1..<3).floats() == [1, 2, 4, 5])
    #expect(try Tensor.concatenated([tensor, tensor], dimension: 1).shape == [2, 6])
    #expect(try tensor.narrowed(0, 0..<1).expanded([2, 3]).floats() == [0, 1, 2, 0, 1, 2])
  }

  @Test("An operation on shapes that do not fit throws libtorch's words and the process lives on")
  func errors() throws {
    let left = try Tensor.zeros([2, 3])
    let right = try Tensor.zeros([4, 5])
    let error = #expect(throws: TorchError.self) { try left.adding(right) }
    guard case .failed(let operation, let reason) = error else {
      Issue.record("expected a failure in libtorch, found \(String(describing: error))")
      return
    }
    #expect(operation == "adding")
    #expect(reason.contains("must match"))
    #expect(throws: TorchError.self) { try left.linear(weight: right, bias: nil) }
    #expect(throws: TorchError.self) { try Tensor.copying([1, 2, 3], shape: [2, 2]) }
    #expect(throws: TorchError.self) { try Tensor.copying([1], shape: [-1, -1]) }
    #expect(throws: TorchError.self) { try Tensor.copying([], shape: [.max, .max]) }
    #expect(throws: TorchError.self) { try TorchLibrary.setThreads(0) }
  }

  @Test("Borrowed memory is used in place and its owner is released with the last tensor on it")
  func borrowing() throws {
    final class Owner {
      let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: 4)
      deinit { values.deallocate() }
    }
    weak var remembered: Owner?
    do {
      let view: Tensor
      do {
        let owner = Owner()
        remembered = owner
        _ = owner.values.initialize(from: [1, 2, 3, 4])
        let tensor = try Tensor.borrowing(UnsafeRawBufferPointer(owner.values), shape: [2, 2], owner: owner)
        owner.values[3] = 9
        view = try tensor.narrowed(0, 1..<2)
      }
      #expect(remembered != nil)
      #expect(try view.floats() == [3, 9])
    }
    #expect(remembered == nil)
  }

  @Test("A device that libtorch does not offer is refused with the reason")
  func devices() throws {
    try Device.cpu.check()
    #expect(Device.available.contains(.cpu))
    guard !Device.cuda.isAvailable else { return }
    let error = #expect(throws: TorchError.self) { try Device.cuda.check() }
    #expect(error?.description.contains("CUDA") == true)
  }
}
