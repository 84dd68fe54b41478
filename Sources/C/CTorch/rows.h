// What libtorch computes elementwise and row by row in several passes, in one. On a processor only.
#pragma once

#include <ATen/ATen.h>

namespace ctorch {

// Whether these kernels take the tensor: a contiguous one in this process's memory, of 32-bit floats or bfloat16.
bool takes_rows(const at::Tensor &tensor);

// x · Φ(x), and its slope Φ(x) + x · φ(x) if requested; Φ by Abramowitz and Stegun 7.1.26, as in libtorch.
at::Tensor gelu(const at::Tensor &input, at::Tensor *slope);

// The softmax of each row, in place.
void softmax_rows(at::Tensor &scores);

// Turns the gradient of each row of a softmax into the gradient of its scores, in place.
void softmax_rows_backward(at::Tensor &gradient, const at::Tensor &shares);

// Normalizes rows of 32-bit floats; the result is of `type`. Means and reciprocal deviations are [rows].
struct NormalizedRows {
  at::Tensor output, means, reciprocals;
};
NormalizedRows normalize_rows(const at::Tensor &input, const at::Tensor &weight, const at::Tensor &bias, double epsilon,
                              at::ScalarType type);

// The same of the sum of 32-bit rows and an update of either type, which is computed on the way.
struct NormalizedSums {
  at::Tensor sum;
  NormalizedRows normalized;
};
NormalizedSums normalize_sums(const at::Tensor &input, const at::Tensor &update, const at::Tensor &weight,
                              const at::Tensor &bias, double epsilon, at::ScalarType type);

// The gradient of the rows that were normalized, in 32 bits; plus `added`, a gradient in 32 bits that reached them on
// another way, where there is one. With `rounded` the same in bfloat16 is written there.
at::Tensor normalize_rows_backward(const at::Tensor &gradient, const at::Tensor &input, const at::Tensor &weight,
                                   const at::Tensor &means, const at::Tensor &reciprocals,
                                   const at::Tensor *added = nullptr, at::Tensor *rounded = nullptr);

} // namespace ctorch
