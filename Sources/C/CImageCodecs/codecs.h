#ifndef TENBIN_CODECS_INTERNAL_H
#define TENBIN_CODECS_INTERNAL_H

#include "CImageCodecs.h"

tenbin_image_status tenbin_decode_jpeg(
    const uint8_t *bytes, size_t count, uint64_t pixel_limit, tenbin_image *image);
tenbin_image_status tenbin_decode_png(
    const uint8_t *bytes, size_t count, uint64_t pixel_limit, tenbin_image *image);

/// Copies `reason`, cut to fit, into a field of `TENBIN_IMAGE_REASON_LENGTH` characters.
void tenbin_set_reason(char *field, const char *reason);

/// Allocates the pixels of an image whose width and height are set, or says why it cannot.
tenbin_image_status tenbin_allocate_pixels(tenbin_image *image, uint64_t pixel_limit);

#endif
