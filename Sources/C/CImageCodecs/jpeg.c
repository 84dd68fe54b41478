#include "codecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

/// More scans than any honest progressive file has; a hostile one can make each byte cost a pass over the image.
enum { SCAN_LIMIT = 500 };

/// Everything that must survive a longjmp, reached through one pointer.
typedef struct {
  struct jpeg_decompress_struct decompress;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  tenbin_image_status status;
  tenbin_image *image;
  uint8_t *row;
} jpeg_decoder;

static void fail(jpeg_decoder *decoder, tenbin_image_status status, const char *reason) {
  decoder->status = status;
  tenbin_set_reason(decoder->image->reason, reason);
  longjmp(decoder->escape, 1);
}

static void fail_with_message(j_common_ptr common, tenbin_image_status status) {
  char message[JMSG_LENGTH_MAX];
  common->err->format_message(common, message);
  fail(common->client_data, status, message);
}

static void error_exit(j_common_ptr common) {
  switch (common->err->msg_code) {
    case JERR_INPUT_EMPTY:
    case JERR_INPUT_EOF:
      fail_with_message(common, TENBIN_IMAGE_TRUNCATED);
      break;
    case JERR_OUT_OF_MEMORY:
      fail_with_message(common, TENBIN_IMAGE_OUT_OF_MEMORY);
      break;
    case JERR_CONVERSION_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION:
    case JERR_ARITH_NOTIMPL:
      fail_with_message(common, TENBIN_IMAGE_UNSUPPORTED);
      break;
    default:
      fail_with_message(common, TENBIN_IMAGE_CORRUPT);
  }
}

/// libjpeg fills what it cannot decode with grey and only warns. A dataset must not hold such images unnoticed, so a
/// warning is a failure, except those after which every pixel is still the encoder's.
static void emit_message(j_common_ptr common, int level) {
  if (level >= 0) return;
  switch (common->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
      return;
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
      fail_with_message(common, TENBIN_IMAGE_TRUNCATED);
      break;
    default:
      fail_with_message(common, TENBIN_IMAGE_CORRUPT);
  }
}

static void output_message(j_common_ptr common) { (void)common; }

static void count_scans(j_common_ptr common) {
  if (common->is_decompressor && ((j_decompress_ptr)common)->input_scan_number > SCAN_LIMIT) {
    fail(common->client_data, TENBIN_IMAGE_CORRUPT, "more than 500 scans");
  }
}

/// Pillow's conversion: the values are taken as inverted, as Adobe writes them.
static void rgb_from_inverted_cmyk(const uint8_t *cmyk, uint8_t *rgb, uint32_t width) {
  for (uint32_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
    for (int channel = 0; channel < 3; channel++) {
      unsigned product = (255u - cmyk[channel]) * cmyk[3] + 128;
      rgb[channel] = (uint8_t)(cmyk[3] - (((product >> 8) + product) >> 8));
    }
  }
}

static void decode(jpeg_decoder *decoder, const uint8_t *bytes, size_t count, uint64_t pixel_limit) {
  struct jpeg_decompress_struct *decompress = &decoder->decompress;
  jpeg_create_decompress(decompress);
  decompress->progress = &decoder->progress;
  decoder->progress.progress_monitor = count_scans;
  jpeg_mem_src(decompress, bytes, count);
  jpeg_read_header(decompress, TRUE);

  tenbin_image *image = decoder->image;
  image->width = decompress->image_width;
  image->height = decompress->image_height;
  decoder->status = tenbin_allocate_pixels(image, pixel_limit);
  if (decoder->status != TENBIN_IMAGE_OK) longjmp(decoder->escape, 1);

  int is_cmyk = decompress->jpeg_color_space == JCS_CMYK || decompress->jpeg_color_space == JCS_YCCK;
  decompress->out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(decompress);
  if (is_cmyk) {
    decoder->row = malloc((size_t)image->width * 4);
    if (decoder->row == NULL) fail(decoder, TENBIN_IMAGE_OUT_OF_MEMORY, "no memory for a row");
  }
  while (decompress->output_scanline < decompress->output_height) {
    uint8_t *pixels = image->pixels + (size_t)decompress->output_scanline * image->width * 3;
    JSAMPROW row = is_cmyk ? decoder->row : pixels;
    jpeg_read_scanlines(decompress, &row, 1);
    if (is_cmyk) rgb_from_inverted_cmyk(decoder->row, pixels, image->width);
  }
  jpeg_finish_decompress(decompress);
}

/// Apart from the function that owns the decoder, whose locals a longjmp would leave undefined.
static void decode_or_escape(jpeg_decoder *decoder, const uint8_t *bytes, size_t count, uint64_t pixel_limit) {
  if (setjmp(decoder->escape) == 0) decode(decoder, bytes, count, pixel_limit);
}

tenbin_image_status tenbin_decode_jpeg(
    const uint8_t *bytes, size_t count, uint64_t pixel_limit, tenbin_image *image) {
  jpeg_decoder decoder;
  memset(&decoder, 0, sizeof decoder);
  decoder.image = image;
  decoder.decompress.err = jpeg_std_error(&decoder.errors);
  decoder.decompress.client_data = &decoder;
  decoder.errors.error_exit = error_exit;
  decoder.errors.emit_message = emit_message;
  decoder.errors.output_message = output_message;
  decode_or_escape(&decoder, bytes, count, pixel_limit);
  jpeg_destroy_decompress(&decoder.decompress);
  free(decoder.row);
  return decoder.status;
}
