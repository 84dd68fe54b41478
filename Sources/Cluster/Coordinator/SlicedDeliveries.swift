internal import Scheduler
internal import Support
internal import Transport

/// Deliveries whose gradients went to reducers, until every one of those has said what came there.
struct SlicedDeliveries {
  private var receipts: [Int: [Key: Tenbin_SliceReceipt]] = [:]
  private var waiting: [Int: (whole: DeliveryAssembly.Whole, peer: Peer)] = [:]

  private struct Key: Hashable {
    let slice: UInt64
    let firstUnit: UInt32
    let endUnit: UInt32
  }

  /// Whether anything waits.
  var isEmpty: Bool { receipts.isEmpty && waiting.isEmpty }

  mutating func insert(_ receipt: Tenbin_SliceReceipt) {
    let key = Key(slice: receipt.slice, firstUnit: receipt.firstUnit, endUnit: receipt.endUnit)
    receipts[Int(clamping: receipt.lease), default: [:]][key] = receipt
  }

  mutating func insert(_ whole: DeliveryAssembly.Whole, from peer: Peer) {
    waiting[Int(clamping: whole.delivery.lease)] = (whole, peer)
  }

  func delivery(of lease: Int) -> (whole: DeliveryAssembly.Whole, peer: Peer)? { waiting[lease] }

  /// What the reducers of all slices say of a delivery's gradients; nil while one of them has said nothing.
  mutating func receipt(of delivery: Tenbin_Delivery, slices: [SlicedRun.Slice]) -> GradientReceipt? {
    let lease = Int(clamping: delivery.lease)
    let known = receipts[lease] ?? [:]
    var receipt = GradientReceipt(digests: [], isFinite: true)
    for part in delivery.parts {
      for slice in slices {
        let key = Key(slice: slice.identifier, firstUnit: part.gradient.firstUnit, endUnit: part.gradient.endUnit)
        guard let found = known[key] else { return nil }
        receipt.digests += found.digests.compactMap { TensorDigest(bytes: $0) }
        receipt.isFinite = receipt.isFinite && found.isFinite
      }
    }
    remove(lease)
    return receipt
  }

  /// Forgets what belongs to leases that are no longer out.
  mutating func removeAll(where isOver: (Int) -> Bool) {
    for lease in Set(receipts.keys).union(waiting.keys) where isOver(lease) { remove(lease) }
  }

  private mutating func remove(_ lease: Int) {
    receipts[lease] = nil
    waiting[lease] = nil
  }
}
