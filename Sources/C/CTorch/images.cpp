#include "boundary.h"

#include <cstring>

using namespace ctorch;

int32_t ctorch_resize(const uint8_t *pixels, int64_t height, int64_t width, uint8_t *resized, int64_t new_height,
                      int64_t new_width, bool bicubic) {
  return guarded([&] {
    // Interleaved bytes are [1, 3, height, width] with the channels last.
    const auto image =
        at::from_blob(const_cast<uint8_t *>(pixels), {1, height, width, 3}, at::kByte).permute({0, 3, 1, 2});
    const auto output = bicubic ? at::_upsample_bicubic2d_aa(image, {new_height, new_width}, false)
                                : at::_upsample_bilinear2d_aa(image, {new_height, new_width}, false);
    const auto interleaved = output.permute({0, 2, 3, 1}).contiguous();
    std::memcpy(resized, interleaved.data_ptr<uint8_t>(), interleaved.nbytes());
  });
}
