// Matrix products with the weights of a model.
#pragma once

#include <ATen/ATen.h>

namespace ctorch {

// left · rightᵀ + bias with left [rows, inputs] and right [outputs, inputs], all of one type; by oneDNN where this host
// has it, which in 32 bits is faster than what libtorch takes by itself.
at::Tensor product(const at::Tensor &left, const at::Tensor &right, const std::optional<at::Tensor> &bias);

} // namespace ctorch
