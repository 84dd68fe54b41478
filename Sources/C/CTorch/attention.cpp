#include "boundary.h"
#include "rows.h"

#include <cmath>

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

namespace {

// Scaled dot-product attention (Vaswani et al. 2017, equation 1) as two batched products and a softmax, in the type of
// its operands; the fused kernel of libtorch takes two to three times as long on a processor in bfloat16.
//
// Queries that share a head of keys (Ainslie et al. 2023) lie one below the other, so that keys and values are not
// repeated.
struct Attention : Function<Attention> {
  // [batch, tokens, groups · shared · headDim] to [batch · groups, shared · tokens, headDim]
  static at::Tensor split(const at::Tensor &tensor, int64_t groups, int64_t shared) {
    const auto batch = tensor.size(0), tokens = tensor.size(1), width = tensor.size(2) / (groups * shared);
    return tensor.reshape({batch, tokens, groups, shared, width})
        .permute({0, 2, 3, 1, 4})
        .reshape({batch * groups, shared * tokens, width});
  }

  // and back
  static at::Tensor join(const at::Tensor &tensor, int64_t groups, int64_t shared) {
    const auto batch = tensor.size(0) / groups, tokens = tensor.size(1) / shared, width = tensor.size(2);
    return tensor.view({batch, groups, shared, tokens, width})
        .permute({0, 3, 1, 2, 4})
        .reshape({batch, tokens, groups * shared * width});
  }

  // scale · left · right for each matrix of a batch, in one kernel: with beta = 0 the first argument is not read.
  static at::Tensor scaled(const at::Tensor &left, const at::Tensor &right, double scale) {
    return at::baddbmm(at::empty({}, left.options()), left, right, 0, scale);
  }

  // The softmax of scores that nothing else refers to.
  static at::Tensor softmax(at::Tensor &scores) {
    if (!takes_rows(scores)) return at::softmax(scores, -1);
    softmax_rows(scores);
    return scores;
  }

  static at::Tensor forward(AutogradContext *context, const at::Tensor &query, const at::Tensor &key,
                            const at::Tensor &value, const std::optional<at::Tensor> &mask, int64_t groups,
                            int64_t shared) {
    const double scale = 1 / std::sqrt(static_cast<double>(query.size(2) / (groups * shared)));
    const auto q = split(query, groups, shared), k = split(key, groups, 1), v = split(value, groups, 1);
    auto scores = scaled(q, k.transpose(1, 2), scale); // [batch · groups, shared · queries, keys]
    if (mask) {
      scores.view({query.size(0), groups * shared, query.size(1), key.size(1)}).add_(mask->unsqueeze(1));
    }
    const auto shares = softmax(scores);
    context->save_for_backward({q, k, v, shares});
    context->saved_data["groups"] = groups;
    context->saved_data["shared"] = shared;
    context->saved_data["scale"] = scale;
    return join(at::bmm(shares, v), groups, shared);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &q = saved[0], &k = saved[1], &v = saved[2], &shares = saved[3];
    const auto groups = context->saved_data["groups"].toInt(), shared = context->saved_data["shared"].toInt();
    const auto output = split(gradients[0], groups, shared);
    variable_list result(6);
    if (context->needs_input_grad(2)) result[2] = join(at::bmm(shares.transpose(1, 2), output), groups, 1);
    if (context->needs_input_grad(0) || context->needs_input_grad(1)) {
      auto scores = at::bmm(output, v.transpose(1, 2));
      if (takes_rows(scores) && takes_rows(shares)) {
        softmax_rows_backward(scores, shares);
      } else {
        scores = at::_softmax_backward_data(scores, shares, -1, shares.scalar_type());
      }
      const double scale = context->saved_data["scale"].toDouble();
      if (context->needs_input_grad(0)) result[0] = join(scaled(scores, k, scale), groups, shared);
      if (context->needs_input_grad(1)) result[1] = join(scaled(scores.transpose(1, 2), q, scale), groups, 1);
    }
    return result;
  }
};

} // namespace

int32_t ctorch_attention(const CTorchTensor *query, const CTorchTensor *key, const CTorchTensor *value,
                         const CTorchTensor *mask, int64_t heads, int64_t key_heads, CTorchTensor **result) {
  return making(result, [&] {
    const auto &q = query->value, &k = key->value, &v = value->value;
    TORCH_CHECK(heads > 0 && key_heads > 0 && heads % key_heads == 0 && q.dim() == 3 && k.dim() == 3 && v.dim() == 3 &&
                    q.size(2) % heads == 0 && k.size(2) == q.size(2) / heads * key_heads && v.sizes() == k.sizes(),
                "attention: queries ", q.sizes(), " with ", heads, " heads do not fit keys ", k.sizes(), " and values ",
                v.sizes(), " with ", key_heads);
    const auto added = mask ? std::optional<at::Tensor>(mask->value) : std::nullopt;
    return Attention::apply(q, k, v, added, key_heads, heads / key_heads);
  });
}

int32_t ctorch_cached_attention(const CTorchTensor *query, const CTorchTensor *key, const CTorchTensor *value,
                                CTorchTensor *keys, CTorchTensor *values, int64_t length, const CTorchTensor *mask,
                                int64_t heads, int64_t key_heads, CTorchTensor **result) {
  return making(result, [&] {
    const at::NoGradGuard without_gradients;
    const auto batch = key->value.size(0), tokens = key->value.size(1), width = key->value.size(2) / key_heads;
    const auto capacity = keys->value.size(1);
    TORCH_CHECK(heads > 0 && key_heads > 0 && heads % key_heads == 0 && length + tokens <= capacity &&
                    query->value.size(2) == heads * width && key->value.sizes() == value->value.sizes() &&
                    keys->value.sizes() == at::IntArrayRef({batch * key_heads, capacity, width}) &&
                    values->value.sizes() == keys->value.sizes(),
                "attention: ", tokens, " tokens after ", length, " do not fit a cache ", keys->value.sizes());
    const auto put = [&](const at::Tensor &cache, const at::Tensor &added) {
      cache.view({batch, key_heads, capacity, width})
          .narrow(2, length, tokens)
          .copy_(added.view({batch, tokens, key_heads, width}).transpose(1, 2));
      return cache.narrow(1, 0, length + tokens);
    };
    const auto k = put(keys->value, key->value), v = put(values->value, value->value);
    const auto q = Attention::split(query->value, key_heads, heads / key_heads);
    auto scores = Attention::scaled(q, k.transpose(1, 2), 1 / std::sqrt(static_cast<double>(width)));
    if (mask) {
      scores.view({batch, heads, query->value.size(1), length + tokens}).add_(mask->value.unsqueeze(1));
    }
    return Attention::join(at::bmm(Attention::softmax(scores), v), key_heads, heads / key_heads);
  });
}
