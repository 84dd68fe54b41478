#include "boundary.h"
#include "products.h"
#include "rows.h"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

namespace {

at::Tensor rows(const at::Tensor &tensor) { return tensor.reshape({-1, tensor.size(-1)}); }

std::optional<at::Tensor> optional(const CTorchTensor *tensor) {
  return tensor ? std::optional<at::Tensor>(tensor->value) : std::nullopt;
}

// The shape of `tensor` with another last dimension.
std::vector<int64_t> widened(const at::Tensor &tensor, int64_t width) {
  auto shape = tensor.sizes().vec();
  shape.back() = width;
  return shape;
}

// A linear layer, with low-rank factors if it is adapted. One node of the graph instead of some seven: at
// the width of small models the graph's bookkeeping costs as much as the products. Products are computed in one type;
// tensors of another type, such as 32-bit parameters under bfloat16, are converted once per call.
struct Linear : Function<Linear> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &weight,
                            const std::optional<at::Tensor> &bias, const std::optional<at::Tensor> &a,
                            const std::optional<at::Tensor> &b, const std::optional<at::Tensor> &mask, double scaling,
                            at::ScalarType type) {
    const auto x = rows(input).to(type);       // [rows, inputs]
    const auto w = weight.to(type);            // [outputs, inputs]
    auto output = product(x, w, bias ? std::optional<at::Tensor>(bias->to(type)) : std::nullopt);
    variable_list saved{x, w};
    if (a && b) {
      const auto narrow = a->to(type);         // [rank, inputs]
      const auto wide = b->to(type);           // [outputs, rank]
      const auto kept = mask ? std::optional<at::Tensor>(rows(*mask).to(type)) : std::nullopt;
      const auto low = at::mm(kept ? x.mul(*kept) : x, narrow.t()); // [rows, rank]
      output.addmm_(low, wide.t(), 1, scaling);
      saved.insert(saved.end(), {low, narrow, wide});
      if (kept) saved.push_back(*kept);
    }
    context->save_for_backward(std::move(saved));
    context->saved_data["scaling"] = scaling;
    context->saved_data["weight"] = weight.requires_grad();
    context->saved_data["bias"] = bias && bias->requires_grad();
    context->saved_data["input"] = static_cast<int64_t>(input.scalar_type());
    return output.view(widened(input, weight.size(0)));
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const bool adapted = saved.size() > 2, masked = saved.size() > 5;
    const double scaling = context->saved_data["scaling"].toDouble();
    const auto output = rows(gradients[0]);    // [rows, outputs]
    variable_list result(8);
    at::Tensor back;
    if (adapted) {
      back = at::mm(output, saved[4]);         // [rows, rank]
      if (scaling != 1) back.mul_(scaling);
    }
    if (context->needs_input_grad(0)) {
      auto gradient = product(output, weight.t(), std::nullopt); // [rows, inputs]
      if (masked) {
        gradient.add_(at::mm(back, saved[3]).mul_(saved[5]));
      } else if (adapted) {
        gradient.addmm_(back, saved[3]);
      }
      const auto type = static_cast<at::ScalarType>(context->saved_data["input"].toInt());
      result[0] = gradient.view(widened(gradients[0], weight.size(1))).to(type);
    }
    if (context->saved_data["weight"].toBool()) result[1] = at::mm(output.t(), x).to(at::kFloat);
    if (context->saved_data["bias"].toBool()) result[2] = at::sum(output, {0}, false, at::kFloat);
    if (adapted) {
      result[3] = at::mm(back.t(), masked ? x.mul(saved[5]) : x).to(at::kFloat);
      result[4] = at::mm(output.t(), saved[2]).to(at::kFloat).mul_(scaling);
    }
    return result;
  }
};

// The same for several models at once, whose rows follow one another: frozen weights are shared by all rows, trained
// ones hold one matrix a model, [models, ...].
struct PackedLinear : Function<PackedLinear> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &weight,
                            const std::optional<at::Tensor> &bias, const std::optional<at::Tensor> &a,
                            const std::optional<at::Tensor> &b, const std::optional<at::Tensor> &mask, double scaling,
                            at::ScalarType type) {
    const bool owned = weight.dim() == 3;        // a weight a model
    const auto models = owned ? weight.size(0) : a->size(0);
    const auto x = rows(input).to(type);         // [models · rows, inputs]
    TORCH_CHECK(x.size(0) % models == 0, "expected the same number of rows for each of ", models, " models, found ", x.size(0));
    const auto packed = x.view({models, -1, x.size(1)});
    const auto w = weight.to(type);
    at::Tensor output;                           // [models, rows, outputs]
    if (owned) {
      output = bias ? at::baddbmm(bias->to(type).unsqueeze(1), packed, w.transpose(1, 2))
                    : at::bmm(packed, w.transpose(1, 2));
    } else {
      output = product(x, w, bias ? std::optional<at::Tensor>(bias->to(type)) : std::nullopt)
                   .view({models, -1, w.size(0)});
    }
    variable_list saved{x, w};
    if (a && b) {
      const auto narrow = a->to(type);           // [models, rank, inputs]
      const auto wide = b->to(type);             // [models, outputs, rank]
      const auto kept =
          mask ? std::optional<at::Tensor>(rows(*mask).to(type).view_as(packed)) : std::nullopt;
      const auto low = at::bmm(kept ? packed.mul(*kept) : packed, narrow.transpose(1, 2)); // [models, rows, rank]
      output.baddbmm_(low, wide.transpose(1, 2), 1, scaling);
      saved.insert(saved.end(), {low, narrow, wide});
      if (kept) saved.push_back(*kept);
    }
    context->save_for_backward(std::move(saved));
    context->saved_data["scaling"] = scaling;
    context->saved_data["models"] = models;
    context->saved_data["weight"] = weight.requires_grad();
    context->saved_data["bias"] = bias && bias->requires_grad();
    context->saved_data["input"] = static_cast<int64_t>(input.scalar_type());
    return output.view(widened(input, output.size(-1)));
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const bool adapted = saved.size() > 2, masked = saved.size() > 5, owned = weight.dim() == 3;
    const double scaling = context->saved_data["scaling"].toDouble();
    const auto models = context->saved_data["models"].toInt();
    const auto flat = rows(gradients[0]).contiguous();
    const auto output = flat.view({models, -1, flat.size(1)});
    const auto packed = x.view({models, -1, x.size(1)});
    variable_list result(8);
    at::Tensor back;
    if (adapted) {
      back = at::bmm(output, saved[4]);          // [models, rows, rank]
      if (scaling != 1) back.mul_(scaling);
    }
    if (context->needs_input_grad(0)) {
      auto gradient =
          owned ? at::bmm(output, weight) : product(flat, weight.t(), std::nullopt).view(packed.sizes());
      if (masked) {
        gradient.add_(at::bmm(back, saved[3]).mul_(saved[5]));
      } else if (adapted) {
        gradient.baddbmm_(back, saved[3]);
      }
      const auto type = static_cast<at::ScalarType>(context->saved_data["input"].toInt());
      result[0] = gradient.view(widened(gradients[0], weight.size(-1))).to(type);
    }
    if (context->saved_data["weight"].toBool()) {
      result[1] = at::bmm(output.transpose(1, 2), packed).to(at::kFloat);
    }
    if (context->saved_data["bias"].toBool()) result[2] = at::sum(output, {1}, false, at::kFloat);
    if (adapted) {
      result[3] = at::bmm(back.transpose(1, 2), masked ? packed.mul(saved[5]) : packed).to(at::kFloat);
      result[4] = at::bmm(output.transpose(1, 2), saved[2]).to(at::kFloat).mul_(scaling);
    }
    return result;
  }
};

// x · Φ(x) with the exact error function. What its gradient needs is computed with it, because both need the same
// exponential.
struct GELU : Function<GELU> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input) {
    at::Tensor slope;
    auto output = gelu(input, &slope);
    context->save_for_backward({slope});
    return output;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    return {gradients[0].mul(context->get_saved_variables()[0])};
  }
};

// Normalization of the last dimension (Ba, Kiros and Hinton 2016), of 32-bit rows.
struct LayerNorm : Function<LayerNorm> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &weight,
                            const at::Tensor &bias, double epsilon, at::ScalarType type) {
    auto result = normalize_rows(input, weight, bias, epsilon, type);
    context->save_for_backward({input, weight, bias, result.means, result.reciprocals});
    return result.output;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &input = saved[0], &weight = saved[1], &bias = saved[2], &means = saved[3], &reciprocals = saved[4];
    const auto output = gradients[0].contiguous();
    variable_list result(5);
    if (context->needs_input_grad(1) || context->needs_input_grad(2)) {
      auto shape = input.sizes().vec();
      shape.back() = 1;
      const auto [x, w, b] = at::native_layer_norm_backward(
          output.to(at::kFloat), input, {input.size(-1)}, means.view(shape), reciprocals.view(shape), weight, bias,
          {context->needs_input_grad(0), context->needs_input_grad(1), context->needs_input_grad(2)});
      return {x, w, b, at::Tensor(), at::Tensor()};
    }
    if (context->needs_input_grad(0)) result[0] = normalize_rows_backward(output, input, weight, means, reciprocals);
    return result;
  }
};

// The sum of 32-bit rows and an update of them, and the normalization of that sum with a weight and a bias that are not
// trained; the gradients of both meet in one pass.
struct NormalizedSum : Function<NormalizedSum> {
  static variable_list forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &update,
                               const at::Tensor &weight, const at::Tensor &bias, double epsilon, at::ScalarType type) {
    auto result = normalize_sums(input, update, weight, bias, epsilon, type);
    context->save_for_backward({result.sum, weight, result.normalized.means, result.normalized.reciprocals});
    context->saved_data["update"] = static_cast<int64_t>(update.scalar_type());
    context->set_materialize_grads(false);
    return {result.sum, result.normalized.output};
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &sum = saved[0], &weight = saved[1], &means = saved[2], &reciprocals = saved[3];
    const auto type = static_cast<at::ScalarType>(context->saved_data["update"].toInt());
    variable_list result(6);
    if (!gradients[0].defined() && !gradients[1].defined()) return result;
    auto &whole = result[0], &rounded = result[1];
    if (gradients[1].defined()) {
      const auto along = gradients[0].defined() ? gradients[0].contiguous() : at::Tensor();
      const bool rounds = type == at::kBFloat16 && context->needs_input_grad(1);
      whole = normalize_rows_backward(gradients[1].contiguous(), sum, weight, means, reciprocals,
                                      along.defined() ? &along : nullptr, rounds ? &rounded : nullptr);
    } else {
      whole = gradients[0];
    }
    if (context->needs_input_grad(1) && !rounded.defined()) rounded = whole.to(type);
    if (!context->needs_input_grad(0)) whole = at::Tensor();
    return result;
  }
};

// Root mean square normalization (Zhang and Sennrich 2019).
struct RMSNorm : Function<RMSNorm> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &weight, double epsilon,
                            at::ScalarType type) {
    const auto x = input.to(at::kFloat);
    const auto inverse = at::linalg_vector_norm(x, 2, {-1}, true)
                             .square_().div_(static_cast<double>(x.size(-1))).add_(epsilon).rsqrt_();
    const auto normalized = x.mul(inverse);
    context->save_for_backward({normalized, inverse, weight});
    return normalized.mul(weight).to(type);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &normalized = saved[0], &inverse = saved[1], &weight = saved[2];
    const auto output = gradients[0].to(at::kFloat);
    variable_list result(4);
    if (context->needs_input_grad(1)) result[1] = rows(output.mul(normalized)).sum(0);
    if (context->needs_input_grad(0)) {
      const auto scaled = output.mul(weight);
      const auto along = scaled.mul(normalized).mean(-1, true);
      result[0] = scaled.addcmul_(normalized, along, -1).mul_(inverse);
    }
    return result;
  }
};

struct GatedSiLU : Function<GatedSiLU> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &gate, const at::Tensor &up) {
    context->save_for_backward({gate, up});
    return at::silu(gate).mul_(up);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &gate = saved[0], &up = saved[1];
    return {at::silu_backward(gradients[0].mul(up), gate), at::silu(gate).mul_(gradients[0])};
  }
};

// Rotary position embedding (Su et al. 2021); its own inverse with the angles' sign turned.
struct Rotary : Function<Rotary> {
  static at::Tensor rotated(const at::Tensor &input, const at::Tensor &cosine, const at::Tensor &sine, int64_t heads,
                            bool backwards) {
    const auto batch = input.size(0), tokens = input.size(1), half = input.size(2) / heads / 2;
    const auto x = input.view({batch, tokens, heads, 2, half});
    const auto first = x.select(3, 0), second = x.select(3, 1);
    const auto c = cosine.unsqueeze(2), s = sine.unsqueeze(2); // [batch or 1, tokens, 1, half]
    auto result = at::empty_like(x);
    auto real = result.select(3, 0), imaginary = result.select(3, 1);
    const double sign = backwards ? -1 : 1;
    real.copy_(at::mul(first, c).addcmul_(second, s, -sign));
    imaginary.copy_(at::mul(second, c).addcmul_(first, s, sign));
    return result.view(input.sizes());
  }

  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &cosine,
                            const at::Tensor &sine, int64_t heads) {
    context->save_for_backward({cosine, sine});
    context->saved_data["heads"] = heads;
    return rotated(input.contiguous(), cosine, sine, heads, false);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto heads = context->saved_data["heads"].toInt();
    return {rotated(gradients[0].contiguous(), saved[0], saved[1], heads, true), at::Tensor(), at::Tensor(),
            at::Tensor()};
  }
};

} // namespace

int32_t ctorch_add(const CTorchTensor *left, const CTorchTensor *right, CTorchTensor **result) {
  return making(result, [&] { return at::add(left->value, right->value); });
}

int32_t ctorch_gelu(const CTorchTensor *input, CTorchTensor **result) {
  return making(result, [&] {
    const auto &x = input->value;
    if (!takes_rows(x)) return at::gelu(x);
    return at::GradMode::is_enabled() && x.requires_grad() ? GELU::apply(x) : gelu(x, nullptr);
  });
}

int32_t ctorch_gated_silu(const CTorchTensor *gate, const CTorchTensor *up, CTorchTensor **result) {
  return making(result, [&] { return GatedSiLU::apply(gate->value, up->value); });
}

int32_t ctorch_linear(const CTorchTensor *input, const CTorchTensor *weight, const CTorchTensor *bias,
                      CTorchLowRank adapter, int32_t type, CTorchTensor **result) {
  return making(result, [&] {
    if (weight->value.dim() == 3 || (adapter.a && adapter.a->value.dim() == 3)) {
      return PackedLinear::apply(input->value, weight->value, optional(bias), optional(adapter.a), optional(adapter.b),
                                 optional(adapter.mask), adapter.scaling, scalar_type(type));
    }
    return Linear::apply(input->value, weight->value, optional(bias), optional(adapter.a), optional(adapter.b),
                         optional(adapter.mask), adapter.scaling, scalar_type(type));
  });
}

namespace {

at::Tensor layer_norm(const at::Tensor &input, const at::Tensor &weight, const at::Tensor &bias, double epsilon,
                      at::ScalarType type) {
  const auto x = input.to(at::kFloat);
  if (takes_rows(x) && x.size(-1) == weight.size(0)) return LayerNorm::apply(x, weight, bias, epsilon, type);
  return at::layer_norm(x, {weight.size(0)}, weight, bias, epsilon).to(type);
}

} // namespace

int32_t ctorch_layer_norm(const CTorchTensor *input, const CTorchTensor *weight, const CTorchTensor *bias,
                          double epsilon, int32_t type, CTorchTensor **result) {
  return making(result,
                [&] { return layer_norm(input->value, weight->value, bias->value, epsilon, scalar_type(type)); });
}

int32_t ctorch_add_layer_norm(const CTorchTensor *input, const CTorchTensor *update, const CTorchTensor *weight,
                              const CTorchTensor *bias, double epsilon, int32_t type, CTorchTensor **sum,
                              CTorchTensor **result) {
  return guarded([&] {
    const auto x = input->value.contiguous(), added = update->value.contiguous();
    const auto &w = weight->value, &b = bias->value;
    TORCH_CHECK(x.sizes() == added.sizes(), "a sum to normalize: ", x.sizes(), " and ", added.sizes(), " differ");
    const bool trained = at::GradMode::is_enabled() && (w.requires_grad() || b.requires_grad());
    if (!trained && x.scalar_type() == at::kFloat && takes_rows(x) && takes_rows(added) && x.size(-1) == w.size(0)) {
      const auto both = NormalizedSum::apply(x, added, w, b, epsilon, scalar_type(type));
      *sum = new CTorchTensor{both[0]};
      *result = new CTorchTensor{both[1]};
      return;
    }
    const auto whole = at::add(x, added);
    const auto normalized = layer_norm(whole, w, b, epsilon, scalar_type(type));
    *sum = new CTorchTensor{whole};
    *result = new CTorchTensor{normalized};
  });
}

int32_t ctorch_rms_norm(const CTorchTensor *input, const CTorchTensor *weight, double epsilon, int32_t type,
                        CTorchTensor **result) {
  return making(result, [&] { return RMSNorm::apply(input->value, weight->value, epsilon, scalar_type(type)); });
}

int32_t ctorch_rotary(const CTorchTensor *input, const CTorchTensor *cosine, const CTorchTensor *sine, int64_t heads,
                      CTorchTensor **result) {
  return making(result, [&] {
    const auto &value = input->value;
    TORCH_CHECK(heads > 0 && value.dim() == 3 && value.size(2) % (2 * heads) == 0,
                "rotary: expected [batch, tokens, width] with an even width for each of ", heads, " heads, found ",
                value.sizes());
    return Rotary::apply(value, cosine->value, sine->value, heads);
  });
}

int32_t ctorch_embedding(const CTorchTensor *table, const CTorchTensor *indices, CTorchTensor **result) {
  return making(result, [&] { return at::embedding(table->value, indices->value).to(at::kFloat); });
}

int32_t ctorch_cross_entropy_rows(const CTorchTensor *logits, const CTorchTensor *labels, CTorchTensor **result) {
  return making(result, [&] {
    return at::cross_entropy_loss(logits->value.to(at::kFloat), labels->value, {}, at::Reduction::None);
  });
}

int32_t ctorch_dot(const CTorchTensor *left, const CTorchTensor *right, CTorchTensor **result) {
  return making(result, [&] { return at::dot(left->value, right->value); });
}

int32_t ctorch_cross_entropy_sum(const CTorchTensor *logits, const CTorchTensor *labels, CTorchTensor **result) {
  return making(result, [&] {
    return at::cross_entropy_loss(logits->value.to(at::kFloat), labels->value, {}, at::Reduction::Sum);
  });
}
