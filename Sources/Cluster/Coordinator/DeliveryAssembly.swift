internal import Transport

/// Puts a delivery's message together with its transfers, which come over another socket in any order. What a peer may
/// leave here is bounded by the bytes that are expected of it.
struct DeliveryAssembly {
  private var transfers: [UInt64: Transfer] = [:]
  private var deliveries: [Tenbin_Delivery] = []

  /// A delivery that is whole.
  struct Whole {
    let delivery: Tenbin_Delivery
    /// Those that its parts name.
    let transfers: [UInt64: Transfer]
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
      let needed = delivery.parts.compactMap { part -> UInt64? in
        if case .transfer(let identifier) = part.place { identifier } else { nil }
      }
      guard needed.allSatisfy({ transfers[$0] != nil }) else { return false }
      var found: [UInt64: Transfer] = [:]
      for identifier in needed { found[identifier] = transfers.removeValue(forKey: identifier) }
      whole.append(Whole(delivery: delivery, transfers: found))
      return true
    }
    return whole
  }
}
