#include "boundary.h"

#include <cmath>

using namespace ctorch;

namespace {

// What is missing from `size` to a multiple of `part`.
int64_t missing(int64_t size, int64_t part) { return (part - size % part) % part; }

// Zeros at the bottom and right of [batch, height, width, channels] up to multiples of `part`.
at::Tensor padded(const at::Tensor &map, int64_t part) {
  const auto bottom = missing(map.size(1), part), right = missing(map.size(2), part);
  return bottom || right ? at::constant_pad_nd(map, {0, 0, 0, right, 0, bottom}) : map;
}

// [images · windows, tokens, heads · headDim] to 32-bit [images · windows · heads, tokens, headDim]
at::Tensor by_head(const at::Tensor &tensor, int64_t heads) {
  const auto windows = tensor.size(0), tokens = tensor.size(1), width = tensor.size(2) / heads;
  return tensor.to(at::kFloat)
      .reshape({windows, tokens, heads, width})
      .transpose(1, 2)
      .reshape({windows * heads, tokens, width});
}

// Vectors of length one along the last dimension.
at::Tensor directions(const at::Tensor &vectors) {
  return vectors / at::norm(vectors, 2, {-1}, true).clamp_min(1e-12);
}

void check_map(const char *operation, const at::Tensor &map) {
  TORCH_CHECK(map.dim() == 4, operation, ": expected [batch, height, width, channels], found ", map.sizes());
}

void check_window(const char *operation, int64_t window, int64_t shift) {
  TORCH_CHECK(window > 0 && shift >= 0 && shift < window, operation, ": a shift of ", shift, " in windows of ", window);
}

} // namespace

int32_t ctorch_image_patches(const CTorchTensor *pixels, int64_t height, int64_t width, CTorchTensor **result) {
  return making(result, [&] {
    auto image = pixels->value;
    TORCH_CHECK(height > 0 && width > 0 && image.dim() == 4, "image patches: ", height, "×", width, " of ",
                image.sizes());
    const auto bottom = missing(image.size(2), height), right = missing(image.size(3), width);
    if (bottom || right) image = at::constant_pad_nd(image, {0, right, 0, bottom});
    const auto batch = image.size(0), channels = image.size(1);
    const auto rows = image.size(2) / height, columns = image.size(3) / width;
    return image.reshape({batch, channels, rows, height, columns, width})
        .permute({0, 2, 4, 1, 3, 5})
        .reshape({batch, rows, columns, channels * height * width});
  });
}

int32_t ctorch_merge_patches(const CTorchTensor *map, CTorchTensor **result) {
  return making(result, [&] {
    check_map("merge patches", map->value);
    const auto even = padded(map->value, 2);
    const auto batch = even.size(0), rows = even.size(1) / 2, columns = even.size(2) / 2, channels = even.size(3);
    return even.reshape({batch, rows, 2, columns, 2, channels})
        .permute({0, 1, 3, 4, 2, 5}) // the lower of two neighbours before the one on the right
        .reshape({batch, rows, columns, 4 * channels});
  });
}

int32_t ctorch_partition_windows(const CTorchTensor *map, int64_t window, int64_t shift, CTorchTensor **result) {
  return making(result, [&] {
    check_map("partition windows", map->value);
    check_window("partition windows", window, shift);
    auto whole = padded(map->value, window);
    if (shift > 0) whole = at::roll(whole, {-shift, -shift}, {1, 2});
    const auto batch = whole.size(0), rows = whole.size(1) / window, columns = whole.size(2) / window;
    const auto channels = whole.size(3);
    return whole.reshape({batch, rows, window, columns, window, channels})
        .transpose(2, 3)
        .reshape({batch * rows * columns, window * window, channels});
  });
}

int32_t ctorch_join_windows(const CTorchTensor *windows, int64_t height, int64_t width, int64_t window, int64_t shift,
                            CTorchTensor **result) {
  return making(result, [&] {
    check_window("join windows", window, shift);
    const auto rows = (height + missing(height, window)) / window, columns = (width + missing(width, window)) / window;
    const auto channels = windows->value.size(-1);
    auto map = windows->value.reshape({-1, rows, columns, window, window, channels})
                   .transpose(2, 3)
                   .reshape({-1, rows * window, columns * window, channels});
    if (shift > 0) map = at::roll(map, {shift, shift}, {1, 2});
    return map.narrow(1, 0, height).narrow(2, 0, width);
  });
}

int32_t ctorch_position_bias(const CTorchTensor *coordinates, const CTorchTensor *hidden_weight,
                             const CTorchTensor *hidden_bias, const CTorchTensor *output_weight,
                             const CTorchTensor *pairs, CTorchTensor **result) {
  return making(result, [&] {
    const auto type = hidden_weight->value.scalar_type();
    const auto hidden = at::relu(at::linear(coordinates->value.to(type), hidden_weight->value, hidden_bias->value));
    const auto table = 16 * at::sigmoid(at::linear(hidden, output_weight->value)); // [offsets, heads]
    const auto tokens = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(pairs->value.numel()))));
    return table.t().contiguous().index_select(1, pairs->value).view({table.size(1), tokens, tokens});
  });
}

int32_t ctorch_cosine_attention(const CTorchTensor *query, const CTorchTensor *key, const CTorchTensor *value,
                                const CTorchTensor *logit_scale, const CTorchTensor *bias, const CTorchTensor *mask,
                                int64_t heads, CTorchTensor **result) {
  return making(result, [&] {
    const auto shape = query->value.sizes();
    const auto windows = mask ? mask->value.size(0) : 1;
    TORCH_CHECK(heads > 0 && shape.size() == 3 && shape[2] % heads == 0 && shape[0] % windows == 0,
                "cosine attention: ", heads, " heads in ", shape, " of ", windows, " windows");
    const auto all = shape[0], tokens = shape[1];
    // Up to 1/0.01 times the cosine: too much for a type of 8 bits, so that all of this is in 32. Scaling the queries
    // rather than the scores leaves less to keep for the gradient.
    const auto scale = logit_scale->value.to(at::kFloat).clamp_max(std::log(1.0 / 0.01)).exp(); // [heads, 1, 1]
    const auto q = (directions(by_head(query->value, heads)).view({all, heads, tokens, -1}) * scale)
                       .view({all * heads, tokens, -1});
    const auto k = directions(by_head(key->value, heads)), v = by_head(value->value, heads);
    auto added = bias->value.to(at::kFloat).unsqueeze(0);              // [1, heads, tokens, tokens]
    if (mask) added = added + mask->value.to(at::kFloat).unsqueeze(1); // [windows, heads, tokens, tokens]
    auto scores = at::bmm(q, k.transpose(1, 2)).view({all / windows, windows, heads, tokens, tokens});
    scores = scores + added;
    const auto shares = at::softmax(scores, -1).view({all * heads, tokens, tokens});
    return at::bmm(shares, v)
        .view({all, heads, tokens, -1})
        .transpose(1, 2)
        .reshape({all, tokens, shape[2]})
        .to(value->value.scalar_type());
  });
}

int32_t ctorch_map_mean(const CTorchTensor *map, CTorchTensor **result) {
  return making(result, [&] {
    check_map("map mean", map->value);
    return map->value.mean({1, 2});
  });
}
