#include "boundary.h"

#include <cmath>

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

namespace {

at::Tensor rows(const at::Tensor &tensor) { return tensor.reshape({-1, tensor.size(-1)}); }

// A frozen linear layer with trainable low-rank factors beside it. One node of the graph instead of seven: at the width
// of small models the graph's bookkeeping costs as much as the products.
struct LoRALinear : Function<LoRALinear> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &weight,
                            const std::optional<at::Tensor> &bias, const at::Tensor &a, const at::Tensor &b, double scaling) {
    const auto x = rows(input);            // [rows, inputs]
    const auto low = at::mm(x, a.t());     // [rows, rank]
    auto output = bias ? at::addmm(*bias, x, weight.t()) : at::mm(x, weight.t());
    output.addmm_(low, b.t(), 1, scaling); // [rows, outputs]
    context->save_for_backward({x, low, weight, a, b});
    context->saved_data["scaling"] = scaling;
    auto shape = input.sizes().vec();
    shape.back() = weight.size(0);
    return output.view(shape);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &low = saved[1], &weight = saved[2], &a = saved[3], &b = saved[4];
    const double scaling = context->saved_data["scaling"].toDouble();
    const auto output = rows(gradients[0]);             // [rows, outputs]
    const auto back = at::mm(output, b).mul_(scaling);  // [rows, rank]
    const auto gradient_a = at::mm(back.t(), x);        // [rank, inputs]
    const auto gradient_b = at::mm(output.t(), low).mul_(scaling); // [outputs, rank]
    at::Tensor gradient_input;
    if (context->needs_input_grad(0)) {
      auto shape = gradients[0].sizes().vec();
      shape.back() = weight.size(1);
      gradient_input = at::mm(output, weight).addmm_(back, a).view(shape);
    }
    return {gradient_input, at::Tensor(), at::Tensor(), gradient_a, gradient_b, at::Tensor()};
  }
};

// Scaled dot-product attention (Vaswani et al. 2017, equation 1) as two batched products and a softmax.
struct Attention : Function<Attention> {
  // [batch, tokens, heads · headDim] to [batch · heads, tokens, headDim]
  static at::Tensor split(const at::Tensor &tensor, int64_t heads) {
    const auto batch = tensor.size(0), tokens = tensor.size(1), width = tensor.size(2) / heads;
    return tensor.reshape({batch, tokens, heads, width}).transpose(1, 2).reshape({batch * heads, tokens, width});
  }

  // and back
  static at::Tensor join(const at::Tensor &tensor, int64_t heads) {
    const auto batch = tensor.size(0) / heads, tokens = tensor.size(1), width = tensor.size(2);
    return tensor.view({batch, heads, tokens, width}).transpose(1, 2).reshape({batch, tokens, heads * width});
  }

  // scale · left · right for each matrix of a batch, in one kernel: with beta = 0 the first argument is not read.
  static at::Tensor scaled(const at::Tensor &left, const at::Tensor &right, double scale) {
    return at::baddbmm(at::empty({}, left.options()), left, right, 0, scale);
  }

  static at::Tensor forward(AutogradContext *context, const at::Tensor &query, const at::Tensor &key,
                            const at::Tensor &value, int64_t heads) {
    const double scale = 1 / std::sqrt(static_cast<double>(query.size(2) / heads));
    const auto q = split(query, heads), k = split(key, heads), v = split(value, heads);
    const auto shares = at::softmax(scaled(q, k.transpose(1, 2), scale), -1); // [batch · heads, queries, keys]
    context->save_for_backward({q, k, v, shares});
    context->saved_data["heads"] = heads;
    context->saved_data["scale"] = scale;
    return join(at::bmm(shares, v), heads);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &q = saved[0], &k = saved[1], &v = saved[2], &shares = saved[3];
    const auto heads = context->saved_data["heads"].toInt();
    const auto output = split(gradients[0], heads);
    at::Tensor gradient_query, gradient_key, gradient_value;
    if (context->needs_input_grad(2)) gradient_value = join(at::bmm(shares.transpose(1, 2), output), heads);
    if (context->needs_input_grad(0) || context->needs_input_grad(1)) {
      const auto scores =
          at::_softmax_backward_data(at::bmm(output, v.transpose(1, 2)), shares, -1, shares.scalar_type());
      const double scale = context->saved_data["scale"].toDouble();
      if (context->needs_input_grad(0)) gradient_query = join(scaled(scores, k, scale), heads);
      if (context->needs_input_grad(1)) gradient_key = join(scaled(scores.transpose(1, 2), q, scale), heads);
    }
    return {gradient_query, gradient_key, gradient_value, at::Tensor()};
  }
};

} // namespace

int32_t ctorch_add(const CTorchTensor *left, const CTorchTensor *right, CTorchTensor **result) {
  return making(result, [&] { return at::add(left->value, right->value); });
}

int32_t ctorch_gelu(const CTorchTensor *input, CTorchTensor **result) {
  return making(result, [&] { return at::gelu(input->value); });
}

int32_t ctorch_linear(const CTorchTensor *input, const CTorchTensor *weight, const CTorchTensor *bias,
                      CTorchTensor **result) {
  return making(result, [&] {
    return bias ? at::linear(input->value, weight->value, bias->value) : at::linear(input->value, weight->value);
  });
}

int32_t ctorch_lora_linear(const CTorchTensor *input, const CTorchTensor *weight, const CTorchTensor *bias,
                           const CTorchTensor *a, const CTorchTensor *b, double scaling, CTorchTensor **result) {
  return making(result, [&] {
    const auto shift = bias ? std::optional<at::Tensor>(bias->value) : std::nullopt;
    return LoRALinear::apply(input->value, weight->value, shift, a->value, b->value, scaling);
  });
}

int32_t ctorch_layer_norm(const CTorchTensor *input, const CTorchTensor *weight, const CTorchTensor *bias,
                          double epsilon, CTorchTensor **result) {
  return making(result, [&] {
    return at::layer_norm(input->value, {weight->value.size(0)}, weight->value, bias->value, epsilon);
  });
}

int32_t ctorch_attention(const CTorchTensor *query, const CTorchTensor *key, const CTorchTensor *value, int64_t heads,
                         CTorchTensor **result) {
  return making(result, [&] {
    TORCH_CHECK(heads > 0 && query->value.dim() == 3 && query->value.size(2) % heads == 0,
                "attention: expected [batch, tokens, width] with a width that ", heads, " heads divide, found ",
                query->value.sizes());
    return Attention::apply(query->value, key->value, value->value, heads);
  });
}

int32_t ctorch_cross_entropy_sum(const CTorchTensor *logits, const CTorchTensor *labels, CTorchTensor **result) {
  return making(result,
                [&] { return at::cross_entropy_loss(logits->value, labels->value, {}, at::Reduction::Sum); });
}
