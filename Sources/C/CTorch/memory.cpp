#include "boundary.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include <bit>
#include <mutex>
#include <vector>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace {

// Keeps the blocks that tensors leave for the next tensors of about their size: a training step asks for the same sizes
// again and again, and the C library parts and joins its aligned blocks each time.
class KeepingAllocator : public at::Allocator {
public:
  at::DataPtr allocate(size_t bytes) override {
    void *block = bytes ? take(bytes) : nullptr;
    return {block, block, &give, at::Device(at::kCPU)};
  }

  at::DeleterFnPtr raw_deleter() const override { return &give; }

  void copy_data(void *to, const void *from, size_t bytes) const override { default_copy_data(to, from, bytes); }

private:
  // Lies before each block.
  struct alignas(64) Header {
    size_t kind;
  };

  // What is kept at most; the rest is given back.
  static constexpr size_t limit = size_t(1) << 29;

  // Eight sizes between a power of two and the next.
  static size_t kind_of(size_t bytes) {
    const auto units = (bytes + sizeof(Header) - 1) / sizeof(Header);
    if (units <= 8) return units;
    const auto shift = std::bit_width(units - 1) - 4;
    return shift * 8 + ((units - 1) >> shift) + 1;
  }

  static size_t bytes_of(size_t kind) {
    if (kind <= 8) return kind * sizeof(Header);
    const auto shift = (kind - 9) / 8;
    return ((kind - shift * 8) << shift) * sizeof(Header);
  }

  struct Kept {
    std::mutex mutex;
    std::vector<std::vector<void *>> blocks = std::vector<std::vector<void *>>(512);
    size_t bytes = 0;
  };

  // Outlives every tensor.
  static Kept &kept() {
    static Kept &kept = *new Kept;
    return kept;
  }

  static void *take(size_t bytes) {
    const auto kind = kind_of(bytes);
    auto &kept = KeepingAllocator::kept();
    {
      const std::lock_guard lock(kept.mutex);
      auto &blocks = kept.blocks.at(kind);
      if (!blocks.empty()) {
        auto *block = blocks.back();
        blocks.pop_back();
        kept.bytes -= bytes_of(kind);
        return block;
      }
    }
    auto *header = static_cast<Header *>(c10::alloc_cpu(sizeof(Header) + bytes_of(kind)));
    header->kind = kind;
    return header + 1;
  }

  static void give(void *block) {
    if (!block) return;
    auto *header = static_cast<Header *>(block) - 1;
    const auto bytes = bytes_of(header->kind);
    auto &kept = KeepingAllocator::kept();
    {
      const std::lock_guard lock(kept.mutex);
      if (kept.bytes + bytes <= limit) {
        kept.blocks[header->kind].push_back(block);
        kept.bytes += bytes;
        return;
      }
    }
    c10::free_cpu(header);
  }
};

} // namespace

void ctorch_keep_freed_memory(void) {
  static std::once_flag once;
  std::call_once(once, [] {
    c10::SetCPUAllocator(new KeepingAllocator);
#ifdef __GLIBC__
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
#endif
  });
}
