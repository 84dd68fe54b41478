#include "CSentencePiece.h"

#include "guarded.h"

#include <sentencepiece_trainer.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace {

// Hands out one sentence after another; the library reads them once.
class Sentences : public sentencepiece::SentenceIterator {
public:
  Sentences(const uint8_t *text, const size_t *counts, size_t count)
      : text_(reinterpret_cast<const char *>(text)), counts_(counts), count_(count) {
    read();
  }

  bool done() const override { return next_ >= count_; }

  void Next() override {
    text_ += counts_[next_];
    next_ += 1;
    read();
  }

  const std::string &value() const override { return sentence_; }

  sentencepiece::util::Status status() const override { return {}; }

private:
  void read() {
    if (!done()) sentence_.assign(text_, counts_[next_]);
  }

  const char *text_;
  const size_t *counts_;
  size_t count_;
  size_t next_ = 0;
  std::string sentence_;
};

} // namespace

extern "C" {

int32_t csentencepiece_train(
    const uint8_t *text, const size_t *counts, size_t sentence_count, int32_t vocabulary_size, uint8_t **bytes,
    size_t *byte_count) {
  return csentencepiece::guarded([&] {
    const std::unordered_map<std::string, std::string> settings = {
        {"model_type", "bpe"},
        {"vocab_size", std::to_string(vocabulary_size)},
        {"byte_fallback", "true"},
        {"character_coverage", "1"},
        {"normalization_rule_name", "identity"},
        {"remove_extra_whitespaces", "false"},
        {"unk_id", "0"},
        {"bos_id", "1"},
        {"eos_id", "2"},
        {"pad_id", "-1"},
        // One thread and no shuffling, so that the same sentences give the same model.
        {"num_threads", "1"},
        {"shuffle_input_sentence", "false"},
        // Errors come back as a status; the library's own log stays silent.
        {"minloglevel", "4"},
    };
    Sentences sentences(text, counts, sentence_count);
    std::string serialized;
    csentencepiece::check(sentencepiece::SentencePieceTrainer::Train(settings, &sentences, &serialized));
    *byte_count = serialized.size();
    *bytes = new uint8_t[serialized.size()];
    std::copy(serialized.begin(), serialized.end(), *bytes);
  });
}

void csentencepiece_bytes_free(uint8_t *bytes) { delete[] bytes; }

} // extern "C"
