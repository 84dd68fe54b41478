#include "codecs.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/// zlib's own default; above it files of this size shrink by less than one per cent.
enum { COMPRESSION_LEVEL = 6 };

/// Everything that must survive a longjmp, reached through one pointer.
typedef struct {
  png_structp png;
  png_infop info;
  const uint8_t *bytes;
  size_t count;
  size_t position;
  tenbin_image_status status;
  tenbin_image *image;
} png_decoder;

typedef struct {
  png_structp png;
  png_infop info;
  size_t capacity;
  tenbin_image_status status;
  tenbin_encoded_image *encoded;
} png_encoder;

static void ignore_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void decoding_failed(png_structp png, png_const_charp message) {
  png_decoder *decoder = png_get_error_ptr(png);
  if (decoder->status == TENBIN_IMAGE_OK) decoder->status = TENBIN_IMAGE_CORRUPT;
  tenbin_set_reason(decoder->image->reason, message);
  png_longjmp(png, 1);
}

static void read_bytes(png_structp png, png_bytep destination, size_t count) {
  png_decoder *decoder = png_get_io_ptr(png);
  if (count > decoder->count - decoder->position) {
    decoder->status = TENBIN_IMAGE_TRUNCATED;
    png_error(png, "the data ends inside a chunk");
  }
  memcpy(destination, decoder->bytes + decoder->position, count);
  decoder->position += count;
}

static void decode(png_decoder *decoder, uint64_t pixel_limit) {
  png_structp png = decoder->png;
  png_infop info = decoder->info;
  tenbin_image *image = decoder->image;
  png_set_read_fn(png, decoder, read_bytes);
  // The pixel limit below is the one that counts; libpng's own would hide the size from the message.
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_read_info(png, info);
  image->width = png_get_image_width(png, info);
  image->height = png_get_image_height(png, info);
  decoder->status = tenbin_allocate_pixels(image, pixel_limit);
  if (decoder->status != TENBIN_IMAGE_OK) png_longjmp(png, 1);

  // Sixteen bits keep their upper eight, palettes and grey become RGB, and alpha is dropped, not composited.
  png_set_strip_16(png);
  png_set_expand(png);
  png_set_gray_to_rgb(png);
  png_set_strip_alpha(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t row_bytes = (size_t)image->width * 3;
  if (png_get_rowbytes(png, info) != row_bytes) png_error(png, "rows do not expand to RGB");
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < image->height; y++) png_read_row(png, image->pixels + y * row_bytes, NULL);
  }
  png_read_end(png, NULL);
}

/// Apart from the function that owns the decoder, whose locals a longjmp would leave undefined.
static void decode_or_escape(png_decoder *decoder, uint64_t pixel_limit) {
  if (setjmp(png_jmpbuf(decoder->png)) == 0) decode(decoder, pixel_limit);
}

tenbin_image_status tenbin_decode_png(
    const uint8_t *bytes, size_t count, uint64_t pixel_limit, tenbin_image *image) {
  png_decoder decoder = {.bytes = bytes, .count = count, .image = image};
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, decoding_failed, ignore_warning);
  if (decoder.png != NULL) decoder.info = png_create_info_struct(decoder.png);
  if (decoder.info == NULL) {
    decoder.status = TENBIN_IMAGE_OUT_OF_MEMORY;
  } else {
    decode_or_escape(&decoder, pixel_limit);
  }
  png_destroy_read_struct(&decoder.png, &decoder.info, NULL);
  return decoder.status;
}

static void encoding_failed(png_structp png, png_const_charp message) {
  png_encoder *encoder = png_get_error_ptr(png);
  if (encoder->status == TENBIN_IMAGE_OK) encoder->status = TENBIN_IMAGE_UNSUPPORTED;
  tenbin_set_reason(encoder->encoded->reason, message);
  png_longjmp(png, 1);
}

static void write_bytes(png_structp png, png_bytep source, size_t count) {
  png_encoder *encoder = png_get_io_ptr(png);
  tenbin_encoded_image *encoded = encoder->encoded;
  if (count > encoder->capacity - encoded->count) {
    size_t capacity = (encoded->count + count) * 2;
    uint8_t *grown = realloc(encoded->bytes, capacity);
    if (grown == NULL) {
      encoder->status = TENBIN_IMAGE_OUT_OF_MEMORY;
      png_error(png, "no memory for the file");
    }
    encoded->bytes = grown;
    encoder->capacity = capacity;
  }
  memcpy(encoded->bytes + encoded->count, source, count);
  encoded->count += count;
}

static void flush_nothing(png_structp png) { (void)png; }

static void encode(png_encoder *encoder, const uint8_t *pixels, uint32_t width, uint32_t height) {
  png_structp png = encoder->png;
  png_set_write_fn(png, encoder, write_bytes, flush_nothing);
  png_set_compression_level(png, COMPRESSION_LEVEL);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
  png_set_IHDR(
      png, encoder->info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
      PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, encoder->info);
  for (uint32_t y = 0; y < height; y++) png_write_row(png, pixels + (size_t)y * width * 3);
  png_write_end(png, NULL);
}

/// As `decode_or_escape`.
static void encode_or_escape(png_encoder *encoder, const uint8_t *pixels, uint32_t width, uint32_t height) {
  if (setjmp(png_jmpbuf(encoder->png)) == 0) encode(encoder, pixels, width, height);
}

tenbin_image_status tenbin_image_encode_png(
    const uint8_t *pixels, uint32_t width, uint32_t height, tenbin_encoded_image *encoded) {
  memset(encoded, 0, sizeof *encoded);
  png_encoder encoder = {.encoded = encoded};
  encoder.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &encoder, encoding_failed, ignore_warning);
  if (encoder.png != NULL) encoder.info = png_create_info_struct(encoder.png);
  if (encoder.info == NULL) {
    encoder.status = TENBIN_IMAGE_OUT_OF_MEMORY;
  } else {
    encode_or_escape(&encoder, pixels, width, height);
  }
  png_destroy_write_struct(&encoder.png, &encoder.info);
  if (encoder.status != TENBIN_IMAGE_OK) {
    free(encoded->bytes);
    encoded->bytes = NULL;
    encoded->count = 0;
  }
  return encoder.status;
}
