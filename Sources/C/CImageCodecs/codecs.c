#include "codecs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tenbin_set_reason(char *field, const char *reason) {
  snprintf(field, TENBIN_IMAGE_REASON_LENGTH, "%s", reason);
}

tenbin_image_status tenbin_allocate_pixels(tenbin_image *image, uint64_t pixel_limit) {
  uint64_t pixels = (uint64_t)image->width * image->height;
  if (pixels > pixel_limit || pixels > SIZE_MAX / 3) {
    tenbin_set_reason(image->reason, "more pixels than the limit");
    return TENBIN_IMAGE_TOO_LARGE;
  }
  // Cleared, because an interlaced PNG is filled in over several passes.
  image->pixels = calloc((size_t)pixels, 3);
  if (image->pixels == NULL) {
    tenbin_set_reason(image->reason, "no memory for the pixels");
    return TENBIN_IMAGE_OUT_OF_MEMORY;
  }
  return TENBIN_IMAGE_OK;
}

tenbin_image_status tenbin_image_decode(
    const uint8_t *bytes, size_t count, uint64_t pixel_limit, tenbin_image *image) {
  static const uint8_t jpeg_magic[] = {0xFF, 0xD8, 0xFF};
  static const uint8_t png_magic[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  memset(image, 0, sizeof *image);
  tenbin_image_status status;
  if (count >= sizeof jpeg_magic && memcmp(bytes, jpeg_magic, sizeof jpeg_magic) == 0) {
    status = tenbin_decode_jpeg(bytes, count, pixel_limit, image);
  } else if (count >= sizeof png_magic && memcmp(bytes, png_magic, sizeof png_magic) == 0) {
    status = tenbin_decode_png(bytes, count, pixel_limit, image);
  } else {
    return TENBIN_IMAGE_UNKNOWN_FORMAT;
  }
  if (status != TENBIN_IMAGE_OK) {
    free(image->pixels);
    image->pixels = NULL;
  }
  return status;
}

void tenbin_image_free(void *memory) { free(memory); }
