#include "CSentencePiece.h"

#include "guarded.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct CSentencePieceModel {
  sentencepiece::SentencePieceProcessor processor;
};

namespace {

using csentencepiece::check;
using csentencepiece::guarded;

// ModelProto { normalizer_spec { add_dummy_prefix: false, remove_extra_whitespaces: false } }: the library has no call
// for these settings, but protobuf messages that follow each other merge, and the last value of a field holds.
constexpr std::string_view verbatim("\x1a\x04\x18\x00\x20\x00", 6);

} // namespace

extern "C" {

int32_t csentencepiece_model_load(const uint8_t *bytes, size_t count, CSentencePieceModel **model) {
  return guarded([&] {
    std::string serialized(reinterpret_cast<const char *>(bytes), count);
    serialized += verbatim;
    auto loaded = std::make_unique<CSentencePieceModel>();
    check(loaded->processor.LoadFromSerializedProto(serialized));
    *model = loaded.release();
  });
}

void csentencepiece_model_free(CSentencePieceModel *model) { delete model; }

int32_t csentencepiece_encode(
    const CSentencePieceModel *model, const uint8_t *text, size_t count, int32_t **ids, size_t *id_count) {
  return guarded([&] {
    std::vector<int> encoded;
    check(model->processor.Encode({reinterpret_cast<const char *>(text), count}, &encoded));
    *id_count = encoded.size();
    *ids = nullptr;
    if (encoded.empty()) return;
    *ids = new int32_t[encoded.size()];
    std::copy(encoded.begin(), encoded.end(), *ids);
  });
}

void csentencepiece_ids_free(int32_t *ids) { delete[] ids; }

const char *csentencepiece_last_error(void) { return csentencepiece::last_error.c_str(); }

} // extern "C"
