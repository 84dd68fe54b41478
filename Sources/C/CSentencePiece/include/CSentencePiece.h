/// SentencePiece in plain C: a model from memory, text to piece ids, texts to a model. No exception leaves these
/// functions; a failure is a status other than 0, and its reason is `csentencepiece_last_error` of the same thread.
#ifndef TENBIN_CSENTENCEPIECE_H
#define TENBIN_CSENTENCEPIECE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct CSentencePieceModel CSentencePieceModel;

/// Reads a serialized `ModelProto`. Text is encoded as it comes: no prefix is added to it, and no space is removed.
/// The model belongs to the caller (`csentencepiece_model_free`); it does not change, so threads may share it.
int32_t csentencepiece_model_load(const uint8_t *bytes, size_t count, CSentencePieceModel **model);
void csentencepiece_model_free(CSentencePieceModel *model);

/// Splits UTF-8 text into pieces. The ids belong to the caller (`csentencepiece_ids_free`); null if there are none.
int32_t csentencepiece_encode(
    const CSentencePieceModel *model, const uint8_t *text, size_t count, int32_t **ids, size_t *id_count);
void csentencepiece_ids_free(int32_t *ids);

/// Learns a byte-pair-encoding model of `vocabulary_size` pieces from UTF-8 sentences that stand one after another in
/// `text`, sentence i being the next `counts[i]` bytes. It is laid out as Llama-2's: <unk>, <s> and </s> have the ids
/// 0, 1 and 2, a piece for each byte follows, and text is not normalized. The same sentences give the same bytes. The
/// serialized `ModelProto` belongs to the caller (`csentencepiece_bytes_free`).
int32_t csentencepiece_train(
    const uint8_t *text, const size_t *counts, size_t sentence_count, int32_t vocabulary_size, uint8_t **bytes,
    size_t *byte_count);
void csentencepiece_bytes_free(uint8_t *bytes);

/// Valid until the next call on this thread; never null.
const char *csentencepiece_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
