#include "products.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>

using OneDNNLinear = at::Tensor(const at::Tensor &input, const at::Tensor &weight,
                                const std::optional<at::Tensor> &bias, std::string_view after,
                                c10::List<std::optional<at::Scalar>> scalars,
                                std::optional<std::string_view> algorithm);

namespace {

// Below, as where a text grows by one token, libtorch's own products stay.
constexpr int64_t worthwhile_rows = 32;

std::optional<c10::TypedOperatorHandle<OneDNNLinear>> one_dnn() {
  const auto found = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
  if (!found) return std::nullopt;
  return found->typed<OneDNNLinear>();
}

at::Tensor one_dnn_product(const c10::TypedOperatorHandle<OneDNNLinear> &linear, const at::Tensor &left,
                           const at::Tensor &right, const std::optional<at::Tensor> &bias) {
  // It records no gradients; without this it would be asked for them through a boxed call.
  const at::AutoDispatchBelowADInplaceOrView below_gradients;
  return linear.call(left, right, bias, "none", c10::List<std::optional<at::Scalar>>(), std::nullopt);
}

// Whether oneDNN computes in this type on this host: what is missing it reports with an exception.
bool computes(at::ScalarType type) {
  const auto linear = one_dnn();
  if (!linear) return false;
  try {
    const auto matrix = at::ones({worthwhile_rows, worthwhile_rows}, at::TensorOptions().dtype(type));
    return one_dnn_product(*linear, matrix, matrix, std::nullopt).sizes() == matrix.sizes();
  } catch (const std::exception &) {
    return false;
  }
}

} // namespace

at::Tensor ctorch::product(const at::Tensor &left, const at::Tensor &right, const std::optional<at::Tensor> &bias) {
  static const auto linear = one_dnn();
  static const bool single = computes(at::kFloat), half = computes(at::kBFloat16);
  const bool computes = left.scalar_type() == at::kFloat ? single : left.scalar_type() == at::kBFloat16 && half;
  if (computes && left.is_cpu() && left.size(0) >= worthwhile_rows) {
    return one_dnn_product(*linear, left, right, bias);
  }
  return bias ? at::addmm(*bias, left, right.t()) : at::mm(left, right.t());
}
