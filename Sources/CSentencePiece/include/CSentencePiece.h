/// SentencePiece in plain C: a model from memory, text to piece ids. No exception leaves these functions; a failure is
/// a status other than 0, and its reason is `csentencepiece_last_error` of the same thread.
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

/// Splits UTF-8 text into pieces. The ids belong to the caller (`csentencepiece_ids_free`); null where there are none.
int32_t csentencepiece_encode(
    const CSentencePieceModel *model, const uint8_t *text, size_t count, int32_t **ids, size_t *id_count);
void csentencepiece_ids_free(int32_t *ids);

/// Valid until the next call on this thread; never null.
const char *csentencepiece_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
