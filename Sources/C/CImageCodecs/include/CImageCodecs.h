/// JPEG and PNG between memory and eight-bit RGB, with every failure a status and a reason: neither library's error
/// handling (exit, longjmp, messages on standard error) reaches the caller.
#ifndef TENBIN_IMAGE_CODECS_H
#define TENBIN_IMAGE_CODECS_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
  TENBIN_IMAGE_OK = 0,
  /// The first bytes are neither a JPEG nor a PNG header.
  TENBIN_IMAGE_UNKNOWN_FORMAT,
  /// The data ends before the image does.
  TENBIN_IMAGE_TRUNCATED,
  /// The data contradicts the format or its own checksums.
  TENBIN_IMAGE_CORRUPT,
  /// Width times height is above the caller's limit.
  TENBIN_IMAGE_TOO_LARGE,
  /// A valid image of a kind that cannot become RGB.
  TENBIN_IMAGE_UNSUPPORTED,
  TENBIN_IMAGE_OUT_OF_MEMORY,
} tenbin_image_status;

enum { TENBIN_IMAGE_REASON_LENGTH = 256 };

typedef struct {
  /// Interleaved RGB rows without padding, owned by the caller (`tenbin_image_free`); null after a failure.
  uint8_t *pixels;
  /// Set as soon as the header has been read, so also when the image is too large.
  uint32_t width;
  uint32_t height;
  /// The library's own words for a failure; always terminated.
  char reason[TENBIN_IMAGE_REASON_LENGTH];
} tenbin_image;

typedef struct {
  /// Owned by the caller (`tenbin_image_free`); null after a failure.
  uint8_t *bytes;
  size_t count;
  char reason[TENBIN_IMAGE_REASON_LENGTH];
} tenbin_encoded_image;

/// Decodes a JPEG or PNG, recognized by its first bytes. Nothing is allocated for pixels above `pixel_limit`.
tenbin_image_status tenbin_image_decode(
    const uint8_t *bytes, size_t count, uint64_t pixel_limit, tenbin_image *image);

/// Encodes `width` × `height` interleaved RGB pixels as a PNG with fixed filter and compression level, so that equal
/// pixels give equal bytes under one build of libpng and zlib.
tenbin_image_status tenbin_image_encode_png(
    const uint8_t *pixels, uint32_t width, uint32_t height, tenbin_encoded_image *encoded);

void tenbin_image_free(void *memory);

#endif
