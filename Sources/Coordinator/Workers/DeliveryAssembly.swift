internal import Wire

/// Puts a delivery's message together with its transfers, which come over another socket in any order.
struct DeliveryAssembly {
  private var transfers: [UInt64: Transfer] = [:]
  private var deliveries: [Tenbin_Delivery] = []

  /// A delivery that is whole.
  struct Whole {
    let delivery: Tenbin_Delivery
    let transfers: [Transfer]
  }

  mutating func insert(_ transfer: Transfer, identifier: UInt64) -> [Whole] {
    transfers[identifier] = transfer
    return takeWhole()
  }

  mutating func insert(_ delivery: Tenbin_Delivery) -> [Whole] {
    deliveries.append(delivery)
    return takeWhole()
  }

  private mutating func takeWhole() -> [Whole] {
    var whole: [Whole] = []
    deliveries.removeAll { delivery in
      let found = delivery.transfers.compactMap { transfers[$0] }
      guard found.count == delivery.transfers.count else { return false }
      for identifier in delivery.transfers { transfers[identifier] = nil }
      whole.append(Whole(delivery: delivery, transfers: found))
      return true
    }
    return whole
  }
}
