// The part of libtorch that Tenbin uses, in C types.
//
// Every function that can fail returns 0, or 1 after an exception, whose text `ctorch_last_error` then holds for the
// calling thread. Tensors are handles that the caller frees with `ctorch_tensor_free`; a function that makes one writes
// it to its last parameter.
#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct CTorchTensor CTorchTensor;

enum CTorchDevice { CTORCH_CPU = 0, CTORCH_CUDA = 1 };
enum CTorchType { CTORCH_FLOAT32 = 0, CTORCH_BFLOAT16 = 1 };

// Process and thread
const char *ctorch_last_error(void);
const char *ctorch_version(void);
int32_t ctorch_set_threads(int32_t threads);
int32_t ctorch_threads(void);
bool ctorch_cuda_is_available(void);
// Keeps what is freed for the process's next allocations.
void ctorch_keep_freed_memory(void);
// Switches the recording of gradients on this thread and returns whether it was on.
bool ctorch_set_gradients_enabled(bool enabled);

// Tensors of 32-bit floats unless said otherwise
int32_t ctorch_tensor_copy(const float *values, const int64_t *shape, int32_t dimensions, int32_t device,
                           CTorchTensor **result);
// Whole numbers of 64 bits.
int32_t ctorch_tensor_copy_integers(const int64_t *values, const int64_t *shape, int32_t dimensions, int32_t device,
                                    CTorchTensor **result);
// Uses the elements of `type` at `values` in place, which must be aligned to their size; `release` is called with
// `context` after the last use.
int32_t ctorch_tensor_borrow(const void *values, int32_t type, const int64_t *shape, int32_t dimensions, void *context,
                             void (*release)(void *context), CTorchTensor **result);
// The tensor in another type; itself where it has that type already.
int32_t ctorch_tensor_to_type(const CTorchTensor *tensor, int32_t type, CTorchTensor **result);
int32_t ctorch_tensor_zeros(const int64_t *shape, int32_t dimensions, int32_t device, CTorchTensor **result);
void ctorch_tensor_free(CTorchTensor *tensor);
int32_t ctorch_tensor_dimensions(const CTorchTensor *tensor);
int64_t ctorch_tensor_size(const CTorchTensor *tensor, int32_t dimension);
int32_t ctorch_tensor_read(const CTorchTensor *tensor, float *values, int64_t count);
int32_t ctorch_tensor_write(CTorchTensor *tensor, const float *values, int64_t count);
int32_t ctorch_tensor_to_device(const CTorchTensor *tensor, int32_t device, CTorchTensor **result);

// Gradients
// A leaf that shares the memory of `buffer`'s elements from `offset` on and records gradients. Where `buffer` holds
// several models, [models, elements], the leaf holds the parameter of each, [models, shape].
int32_t ctorch_parameter(const CTorchTensor *buffer, int64_t offset, const int64_t *shape, int32_t dimensions,
                         CTorchTensor **result);
// The gradient of the scalar `loss` with respect to each parameter, one after another into `gradient`; where parameters
// hold several models, model by model.
int32_t ctorch_gradients(const CTorchTensor *loss, CTorchTensor *const *parameters, int32_t count, int64_t models,
                         float *gradient, int64_t length);

// Shapes
int32_t ctorch_reshape(const CTorchTensor *input, const int64_t *shape, int32_t dimensions, CTorchTensor **result);
int32_t ctorch_permute(const CTorchTensor *input, const int64_t *order, int32_t dimensions, CTorchTensor **result);
int32_t ctorch_expand(const CTorchTensor *input, const int64_t *shape, int32_t dimensions, CTorchTensor **result);
int32_t ctorch_narrow(const CTorchTensor *input, int32_t dimension, int64_t start, int64_t length,
                      CTorchTensor **result);
int32_t ctorch_concatenate(CTorchTensor *const *inputs, int32_t count, int32_t dimension, CTorchTensor **result);

// The rows `indices` (whole numbers) of `input` with all dimensions but the last as one.
int32_t ctorch_select_rows(const CTorchTensor *input, const CTorchTensor *indices, CTorchTensor **result);

// Arithmetic and layers. Where operands are of two types, the sum has the wider one.
int32_t ctorch_add(const CTorchTensor *left, const CTorchTensor *right, CTorchTensor **result);
int32_t ctorch_gelu(const CTorchTensor *input, CTorchTensor **result);
// silu(gate) · up, elementwise.
int32_t ctorch_gated_silu(const CTorchTensor *gate, const CTorchTensor *up, CTorchTensor **result);
// The LoRA factors of a linear layer, or nulls. `mask`, of the shape of the input or null, multiplies what `a`
// receives.
typedef struct {
  const CTorchTensor *a;
  const CTorchTensor *b;
  const CTorchTensor *mask;
  double scaling;
} CTorchLowRank;
// input · weightᵀ + bias + scaling · ((input ∘ mask) · aᵀ) · bᵀ, computed in `type` and of that type; `bias` may be
// null. Gradients have the types of what they belong to. A weight, bias or adapter of several models has one dimension
// more in front; the input's rows then belong to one model after another, the same number for each.
int32_t ctorch_linear(const CTorchTensor *input, const CTorchTensor *weight, const CTorchTensor *bias,
                      CTorchLowRank adapter, int32_t type, CTorchTensor **result);
// Computed in 32 bits, returned in `type`.
int32_t ctorch_layer_norm(const CTorchTensor *input, const CTorchTensor *weight, const CTorchTensor *bias,
                          double epsilon, int32_t type, CTorchTensor **result);
// input + update, and the gradient of the sum. `input` is of 32 bits.
int32_t ctorch_add_layer_norm(const CTorchTensor *input, const CTorchTensor *update, const CTorchTensor *weight,
                              const CTorchTensor *bias, double epsilon, int32_t type, CTorchTensor **sum,
                              CTorchTensor **result);
int32_t ctorch_rms_norm(const CTorchTensor *input, const CTorchTensor *weight, double epsilon, int32_t type,
                        CTorchTensor **result);
// softmax(query · keyᵀ / √headDim + mask) · value by head; query [batch, queries, heads · headDim], key and value
// [batch, keys, key_heads · headDim], heads side by side; `mask` is [batch or 1, queries, keys] or null.
int32_t ctorch_attention(const CTorchTensor *query, const CTorchTensor *key, const CTorchTensor *value,
                         const CTorchTensor *mask, int64_t heads, int64_t key_heads, CTorchTensor **result);
// The same over all keys and values that a cache holds, without gradients: `keys` and `values`
// [batch · key_heads, capacity, headDim] hold `length` tokens, after which `key` and `value` are written.
int32_t ctorch_cached_attention(const CTorchTensor *query, const CTorchTensor *key, const CTorchTensor *value,
                                CTorchTensor *keys, CTorchTensor *values, int64_t length, const CTorchTensor *mask,
                                int64_t heads, int64_t key_heads, CTorchTensor **result);
// Rotates the first half of every head against its second (Su et al. 2021): input [batch, tokens, heads · headDim],
// cosine and sine [batch or 1, tokens, headDim / 2].
int32_t ctorch_rotary(const CTorchTensor *input, const CTorchTensor *cosine, const CTorchTensor *sine, int64_t heads,
                      CTorchTensor **result);
// The rows of `table` that whole-number `indices` name, as 32-bit floats.
int32_t ctorch_embedding(const CTorchTensor *table, const CTorchTensor *indices, CTorchTensor **result);
// The sum over rows of the cross-entropy of `logits` [rows, classes] against whole-number `labels` [rows].
int32_t ctorch_cross_entropy_sum(const CTorchTensor *logits, const CTorchTensor *labels, CTorchTensor **result);
// The cross-entropy of each row.
int32_t ctorch_cross_entropy_rows(const CTorchTensor *logits, const CTorchTensor *labels, CTorchTensor **result);
// The sum of the products of the elements of two tensors of one dimension.
int32_t ctorch_dot(const CTorchTensor *left, const CTorchTensor *right, CTorchTensor **result);

// Images
// Resizes interleaved bytes [height, width, 3] with antialiasing to [new_height, new_width, 3].
int32_t ctorch_resize(const uint8_t *pixels, int64_t height, int64_t width, uint8_t *resized, int64_t new_height,
                      int64_t new_width, bool bicubic);

// Windows
// Patches of [batch, channels, height, width], with zeros at the bottom and right where the last ones are not whole:
// [batch, rows, columns, channels · patch height · patch width].
int32_t ctorch_image_patches(const CTorchTensor *pixels, int64_t patch_height, int64_t patch_width,
                             CTorchTensor **result);
// Two by two neighbours of [batch, height, width, channels] side by side, column by column, with zeros at the bottom
// and right of an odd map: [batch, ⌈height / 2⌉, ⌈width / 2⌉, 4 · channels].
int32_t ctorch_merge_patches(const CTorchTensor *map, CTorchTensor **result);
// Square windows of [batch, height, width, channels], with zeros at the bottom and right where the last ones are not
// whole, after a cyclic shift by `shift` to the top and left: [batch · windows, window · window, channels].
int32_t ctorch_partition_windows(const CTorchTensor *map, int64_t window, int64_t shift, CTorchTensor **result);
// The reverse, to [batch, height, width, channels].
int32_t ctorch_join_windows(const CTorchTensor *windows, int64_t height, int64_t width, int64_t window, int64_t shift,
                            CTorchTensor **result);
// 16 · sigmoid(output_weight · relu(hidden_weight · coordinates + hidden_bias)) of [offsets, 2], looked up for each
// pair of tokens by the whole numbers `pairs` [tokens · tokens]: [heads, tokens, tokens].
int32_t ctorch_position_bias(const CTorchTensor *coordinates, const CTorchTensor *hidden_weight,
                             const CTorchTensor *hidden_bias, const CTorchTensor *output_weight,
                             const CTorchTensor *pairs, CTorchTensor **result);
// softmax(exp(min(logit_scale, log 100)) · cos(query, key) + bias + mask) · value by head, in 32 bits; each of the
// first three [batch · windows, tokens, width], heads side by side; `logit_scale` [heads, 1, 1], `bias` [heads, tokens,
// tokens]; `mask` [windows, tokens, tokens] may be null.
int32_t ctorch_cosine_attention(const CTorchTensor *query, const CTorchTensor *key, const CTorchTensor *value,
                                const CTorchTensor *logit_scale, const CTorchTensor *bias, const CTorchTensor *mask,
                                int64_t heads, CTorchTensor **result);
// The mean over height and width of [batch, height, width, channels].
int32_t ctorch_map_mean(const CTorchTensor *map, CTorchTensor **result);

#ifdef __cplusplus
}
#endif
#endif
