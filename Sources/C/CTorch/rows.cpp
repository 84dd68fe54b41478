#include "rows.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

// One clone a generation of processors, chosen when the program starts.
#if defined(__x86_64__) && defined(__linux__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
// Vectors are handed over only between functions that end up inside one clone, so their ABI does not matter.
#define INLINE static inline __attribute__((always_inline))
#pragma clang diagnostic ignored "-Wpsabi"

namespace {

constexpr int64_t width = 16;
typedef float Floats __attribute__((ext_vector_type(16)));
typedef int32_t Words __attribute__((ext_vector_type(16)));
typedef uint32_t Bits __attribute__((ext_vector_type(16)));
typedef uint16_t Halves __attribute__((ext_vector_type(16)));
// A bfloat16 as it lies in memory.
typedef uint16_t Half;

INLINE Floats load(const float *from) {
  Floats values;
  std::memcpy(&values, from, sizeof values);
  return values;
}

INLINE Floats load(const Half *from) {
  Halves halves;
  std::memcpy(&halves, from, sizeof halves);
  return __builtin_bit_cast(Floats, __builtin_convertvector(halves, Bits) << 16);
}

INLINE void store(float *to, Floats values) { std::memcpy(to, &values, sizeof values); }

// Rounded to the nearest, ties to even.
INLINE void store(Half *to, Floats values) {
  const auto bits = __builtin_bit_cast(Bits, values);
  const auto halves = __builtin_convertvector((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16, Halves);
  std::memcpy(to, &halves, sizeof halves);
}

INLINE float sum(Floats values) {
  const auto eight = values.lo + values.hi;
  const auto four = eight.lo + eight.hi;
  const auto two = four.lo + four.hi;
  return two.x + two.y;
}

INLINE float largest(Floats values) {
  const auto eight = values.lo <= values.hi ? values.hi : values.lo;
  const auto four = eight.lo <= eight.hi ? eight.hi : eight.lo;
  const auto two = four.lo <= four.hi ? four.hi : four.lo;
  return two.x <= two.y ? two.y : two.x;
}

// The last vector of a row that does not fill whole ones: it ends where the row ends and so begins among what earlier
// vectors hold, and only the lanes after them count. A row shorter than one vector is padded.
struct Tail {
  int64_t start, count;
  Words counts;
};

INLINE Tail tail_of(int64_t length) {
  const Words lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const auto count = length % width;
  const auto rest = static_cast<int32_t>(count);
  return {length < width ? 0 : length - width, count, length < width ? lanes < rest : lanes >= (16 - rest)};
}

// The lanes of `values` that count, the others zero.
INLINE Floats counted(Floats values, Words counts) {
  const Floats zero = 0.0f;
  return counts ? values : zero;
}

template <typename Element>
INLINE Floats load_last(const Element *row, int64_t length, Element filling) {
  if (length >= width) return load(row + length - width);
  Element values[width];
  for (int64_t i = 0; i < width; ++i) values[i] = i < length ? row[i] : filling;
  return load(values);
}

template <typename Element>
INLINE void store_last(Element *row, Floats values, int64_t length) {
  if (length >= width) return store(row + length - width, values);
  Element whole[width];
  store(whole, values);
  for (int64_t i = 0; i < length; ++i) row[i] = whole[i];
}

// exp(x) = 2ⁿ · 2^f to about one unit in the last place; zero below the smallest normal number.
INLINE Floats exponential(Floats x) {
  const Floats lowest = -87.33654f, zero = 0.0f;
  const Floats magic = 12582912.0f; // 1.5 · 2²³ rounds to whole numbers
  const Floats logarithm = 1.44269504f, rest = 1.92596299e-8f; // log₂ e
  const auto isZero = x < lowest;
  const auto y = isZero ? lowest : x;
  const Floats shifted = y * logarithm + magic;
  const Floats whole = shifted - magic;
  Floats f = y * logarithm - whole;
  f = y * rest + f;
  Floats power = 1.535336188e-4f; // Cephes' polynomial
  power = power * f + 1.339887440e-3f;
  power = power * f + 9.618437358e-3f;
  power = power * f + 5.550332471e-2f;
  power = power * f + 2.402264791e-1f;
  power = power * f + 6.931472029e-1f;
  power = power * f + 1.0f;
  const auto scaled =
      __builtin_bit_cast(Floats, __builtin_bit_cast(Words, power) + (__builtin_bit_cast(Words, shifted) << 23));
  return isZero ? zero : scaled;
}

struct GELU {
  Floats value, slope;
};

INLINE GELU gelu_of(Floats x) {
  const Floats zero = 0.0f, one = 1.0f;
  const auto magnitude = x < zero ? -x : x;
  // exp(−x² / 2), which Φ and φ both are made of.
  const auto bell = exponential(x * x * -0.5f);
  // Half of the formula's coefficients, for Φ(−|x|) = erfc(|x| / √2) / 2.
  const Floats t = one / (magnitude * 0.23164189f + one);
  Floats polynomial = 0.5307027145f;
  polynomial = polynomial * t - 0.7265760135f;
  polynomial = polynomial * t + 0.7107068705f;
  polynomial = polynomial * t - 0.142248368f;
  polynomial = polynomial * t + 0.127414796f;
  const auto tail = polynomial * t * bell;
  const auto share = x < zero ? tail : one - tail;
  return {x * share, x * 0.39894228040143268f * bell + share};
}

template <typename Element>
INLINE void gelu_elements(const Element *x, Element *y, Element *slope, int64_t count) {
  int64_t i = 0;
  for (; i + width <= count; i += width) {
    const auto result = gelu_of(load(x + i));
    store(y + i, result.value);
    if (slope) store(slope + i, result.slope);
  }
  if (i == count) return;
  const auto result = gelu_of(load_last(x, count, Element(0)));
  store_last(y, result.value, count);
  if (slope) store_last(slope, result.slope, count);
}

template <typename Element> constexpr Element minus_infinity = Element();
template <> constexpr float minus_infinity<float> = -std::numeric_limits<float>::infinity();
template <> constexpr Half minus_infinity<Half> = 0xFF80;

// `scratch` holds a row and a vector.
template <typename Element>
INLINE void softmax_row(Element *row, int64_t length, float *scratch) {
  const auto tail = tail_of(length);
  const auto whole = length - tail.count;
  Floats last = -std::numeric_limits<float>::infinity();
  if (tail.count) last = load_last(row, length, minus_infinity<Element>);
  auto top = last;
  for (int64_t i = 0; i < whole; i += width) {
    const auto values = load(row + i);
    top = values <= top ? top : values;
  }
  const float peak = largest(top);
  Floats total = 0.0f;
  for (int64_t i = 0; i < whole; i += width) {
    const auto values = exponential(load(row + i) - peak);
    store(scratch + i, values);
    total += values;
  }
  if (tail.count) {
    const auto values = exponential(last - peak);
    store(scratch + tail.start, values);
    total += counted(values, tail.counts);
  }
  const float scale = 1 / sum(total);
  for (int64_t i = 0; i < whole; i += width) store(row + i, load(scratch + i) * scale);
  if (tail.count) store_last(row, load(scratch + tail.start) * scale, length);
}

template <typename Element>
INLINE void softmax_backward_row(Element *gradient, const Element *shares, int64_t length) {
  const auto tail = tail_of(length);
  const auto whole = length - tail.count;
  Floats total = 0.0f, lastGradient = 0.0f, lastShares = 0.0f;
  if (tail.count) {
    lastGradient = load_last(gradient, length, Element(0));
    lastShares = load_last(shares, length, Element(0));
    total = counted(lastGradient * lastShares, tail.counts);
  }
  for (int64_t i = 0; i < whole; i += width) total += load(gradient + i) * load(shares + i);
  const float along = sum(total);
  for (int64_t i = 0; i < whole; i += width) {
    store(gradient + i, (load(gradient + i) - along) * load(shares + i));
  }
  if (tail.count) store_last(gradient, (lastGradient - along) * lastShares, length);
}

template <typename Element>
INLINE void normalize_row(const float *x, const float *weight, const float *bias, float epsilon, Element *y,
                          float *mean, float *reciprocal, int64_t length) {
  const auto tail = tail_of(length);
  const auto whole = length - tail.count;
  Floats total = 0.0f, last = 0.0f;
  if (tail.count) {
    last = load_last(x, length, 0.0f);
    total = counted(last, tail.counts);
  }
  for (int64_t i = 0; i < whole; i += width) total += load(x + i);
  const float center = sum(total) / static_cast<float>(length);
  Floats squares = counted((last - center) * (last - center), tail.counts);
  for (int64_t i = 0; i < whole; i += width) {
    const auto away = load(x + i) - center;
    squares += away * away;
  }
  const float scale = 1 / std::sqrt(sum(squares) / static_cast<float>(length) + epsilon);
  for (int64_t i = 0; i < whole; i += width) {
    store(y + i, (load(x + i) - center) * scale * load(weight + i) + load(bias + i));
  }
  if (tail.count) {
    const auto w = load_last(weight, length, 0.0f), b = load_last(bias, length, 0.0f);
    store_last(y, (last - center) * scale * w + b, length);
  }
  *mean = center;
  *reciprocal = scale;
}

template <typename Element>
INLINE void add_row(const float *x, const Element *update, float *y, int64_t length) {
  int64_t i = 0;
  for (; i + width <= length; i += width) store(y + i, load(x + i) + load(update + i));
  if (i < length) store_last(y, load_last(x, length, 0.0f) + load_last(update, length, Element(0)), length);
}

// `added` and `rounded` may be null.
template <typename Element>
INLINE void normalize_backward_row(const Element *gradient, const float *x, const float *weight, float mean,
                                   float reciprocal, const float *added, float *result, Half *rounded,
                                   int64_t length) {
  const auto tail = tail_of(length);
  const auto whole = length - tail.count;
  Floats plain = 0.0f, along = 0.0f, lastGradient = 0.0f, lastNormal = 0.0f;
  if (tail.count) {
    lastGradient = load_last(gradient, length, Element(0)) * load_last(weight, length, 0.0f);
    lastNormal = (load_last(x, length, 0.0f) - mean) * reciprocal;
    plain = counted(lastGradient, tail.counts);
    along = counted(lastGradient * lastNormal, tail.counts);
  }
  for (int64_t i = 0; i < whole; i += width) {
    const auto g = load(gradient + i) * load(weight + i);
    plain += g;
    along += g * ((load(x + i) - mean) * reciprocal);
  }
  const float first = sum(plain) / static_cast<float>(length), second = sum(along) / static_cast<float>(length);
  for (int64_t i = 0; i < whole; i += width) {
    const auto g = load(gradient + i) * load(weight + i), n = (load(x + i) - mean) * reciprocal;
    auto value = (g - first - n * second) * reciprocal;
    if (added) value += load(added + i);
    store(result + i, value);
    if (rounded) store(rounded + i, value);
  }
  if (!tail.count) return;
  auto value = (lastGradient - first - lastNormal * second) * reciprocal;
  if (added) value += load_last(added, length, 0.0f);
  store_last(result, value, length);
  if (rounded) store_last(rounded, value, length);
}

#define FOR_BOTH_TYPES(KERNEL) KERNEL(float) KERNEL(Half)

#define KERNELS(Element)                                                                                               \
  CLONES void gelu_part(const Element *x, Element *y, Element *slope, int64_t first, int64_t end) {                    \
    gelu_elements(x + first, y + first, slope ? slope + first : nullptr, end - first);                                 \
  }                                                                                                                    \
  CLONES void softmax_part(Element *scores, int64_t length, float *scratch, int64_t first, int64_t end) {              \
    for (int64_t row = first; row < end; ++row) softmax_row(scores + row * length, length, scratch);                   \
  }                                                                                                                    \
  CLONES void softmax_backward_part(Element *gradient, const Element *shares, int64_t length, int64_t first,           \
                                    int64_t end) {                                                                     \
    for (int64_t row = first; row < end; ++row) {                                                                      \
      softmax_backward_row(gradient + row * length, shares + row * length, length);                                    \
    }                                                                                                                  \
  }                                                                                                                    \
  CLONES void normalize_part(const float *x, const float *weight, const float *bias, float epsilon, Element *y,        \
                             float *means, float *reciprocals, int64_t length, int64_t first, int64_t end) {           \
    for (int64_t row = first; row < end; ++row) {                                                                      \
      normalize_row(x + row * length, weight, bias, epsilon, y + row * length, means + row, reciprocals + row,         \
                    length);                                                                                           \
    }                                                                                                                  \
  }                                                                                                                    \
  CLONES void add_part(const float *x, const Element *update, float *y, int64_t length, int64_t first, int64_t end) {  \
    for (int64_t row = first; row < end; ++row) {                                                                      \
      add_row(x + row * length, update + row * length, y + row * length, length);                                      \
    }                                                                                                                  \
  }                                                                                                                    \
  CLONES void normalize_backward_part(const Element *gradient, const float *x, const float *weight,                    \
                                      const float *means, const float *reciprocals, const float *added, float *result, \
                                      Half *rounded, int64_t length, int64_t first, int64_t end) {                     \
    for (int64_t row = first; row < end; ++row) {                                                                      \
      normalize_backward_row(gradient + row * length, x + row * length, weight, means[row], reciprocals[row],          \
                             added ? added + row * length : nullptr, result + row * length,                            \
                             rounded ? rounded + row * length : nullptr, length);                                      \
    }                                                                                                                  \
  }

FOR_BOTH_TYPES(KERNELS)

// Cuts `count` pieces of `size` elements among libtorch's number of threads; a piece is computed by itself, so that its
// bits do not depend on them.
template <typename Body>
void in_parallel(int64_t count, int64_t size, const Body &body) {
  constexpr int64_t worthwhile = 1 << 18;
  const auto threads = std::min<int64_t>(at::get_num_threads(), count * size / worthwhile);
  if (threads <= 1) return body(0, count);
  const auto share = (count + threads - 1) / threads;
  std::vector<std::thread> others;
  for (int64_t first = share; first < count; first += share) {
    others.emplace_back([&body, first, share, count] { body(first, std::min(first + share, count)); });
  }
  body(0, std::min(share, count));
  for (auto &other : others) other.join();
}

// Calls `body` with pointers to the elements of tensors of one type.
template <typename Body>
void with_element(const at::Tensor &tensor, const Body &body) {
  if (tensor.scalar_type() == at::kFloat) {
    body(static_cast<float *>(nullptr));
  } else {
    body(static_cast<Half *>(nullptr));
  }
}

template <typename Element>
Element *elements(const at::Tensor &tensor, Element *) {
  return static_cast<Element *>(tensor.data_ptr());
}

int64_t row_count(const at::Tensor &tensor) { return tensor.size(-1) > 0 ? tensor.numel() / tensor.size(-1) : 0; }

} // namespace

bool ctorch::takes_rows(const at::Tensor &tensor) {
  return tensor.is_cpu() && tensor.is_contiguous() && tensor.dim() > 0 &&
         (tensor.scalar_type() == at::kFloat || tensor.scalar_type() == at::kBFloat16);
}

at::Tensor ctorch::gelu(const at::Tensor &input, at::Tensor *slope) {
  auto output = at::empty_like(input);
  if (slope) *slope = at::empty_like(input);
  with_element(input, [&](auto *type) {
    // Pieces of whole vectors, so that no thread's part has a tail but the last one's.
    const auto pieces = (input.numel() + width - 1) / width;
    in_parallel(pieces, width, [&](int64_t first, int64_t end) {
      gelu_part(elements(input, type), elements(output, type), slope ? elements(*slope, type) : nullptr, first * width,
                std::min(end * width, input.numel()));
    });
  });
  return output;
}

void ctorch::softmax_rows(at::Tensor &scores) {
  const auto length = scores.size(-1);
  with_element(scores, [&](auto *type) {
    in_parallel(row_count(scores), length, [&](int64_t first, int64_t end) {
      std::vector<float> scratch(length + width);
      softmax_part(elements(scores, type), length, scratch.data(), first, end);
    });
  });
}

void ctorch::softmax_rows_backward(at::Tensor &gradient, const at::Tensor &shares) {
  const auto length = shares.size(-1);
  with_element(shares, [&](auto *type) {
    in_parallel(row_count(shares), length, [&](int64_t first, int64_t end) {
      softmax_backward_part(elements(gradient, type), elements(shares, type), length, first, end);
    });
  });
}

namespace {

// Rows that are summed and normalized at a time, so that the sums are still near when they are read.
constexpr int64_t near_rows = 8;

// Normalizes `sum`, after it was made of `input` and `update` where there is one.
ctorch::NormalizedRows normalize(const at::Tensor &sum, const at::Tensor *input, const at::Tensor *update,
                                 const at::Tensor &weight, const at::Tensor &bias, double epsilon,
                                 at::ScalarType type) {
  const auto length = sum.size(-1), rows = row_count(sum);
  ctorch::NormalizedRows result{at::empty(sum.sizes(), sum.options().dtype(type)), at::empty({rows}, sum.options()),
                                at::empty({rows}, sum.options())};
  in_parallel(rows, length, [&](int64_t begin, int64_t stop) {
    for (int64_t first = begin; first < stop; first += near_rows) {
      const auto end = std::min(first + near_rows, stop);
      if (update) {
        with_element(*update, [&](auto *element) {
          add_part(input->data_ptr<float>(), elements(*update, element), sum.data_ptr<float>(), length, first, end);
        });
      }
      with_element(result.output, [&](auto *element) {
        normalize_part(sum.data_ptr<float>(), weight.data_ptr<float>(), bias.data_ptr<float>(),
                       static_cast<float>(epsilon), elements(result.output, element), result.means.data_ptr<float>(),
                       result.reciprocals.data_ptr<float>(), length, first, end);
      });
    }
  });
  return result;
}

} // namespace

ctorch::NormalizedRows ctorch::normalize_rows(const at::Tensor &input, const at::Tensor &weight,
                                              const at::Tensor &bias, double epsilon, at::ScalarType type) {
  return normalize(input, nullptr, nullptr, weight, bias, epsilon, type);
}

ctorch::NormalizedSums ctorch::normalize_sums(const at::Tensor &input, const at::Tensor &update,
                                              const at::Tensor &weight, const at::Tensor &bias, double epsilon,
                                              at::ScalarType type) {
  const auto sum = at::empty_like(input);
  return {sum, normalize(sum, &input, &update, weight, bias, epsilon, type)};
}

at::Tensor ctorch::normalize_rows_backward(const at::Tensor &gradient, const at::Tensor &input,
                                           const at::Tensor &weight, const at::Tensor &means,
                                           const at::Tensor &reciprocals, const at::Tensor *added,
                                           at::Tensor *rounded) {
  const auto length = input.size(-1);
  auto result = at::empty_like(input);
  if (rounded) *rounded = at::empty(input.sizes(), input.options().dtype(at::kBFloat16));
  with_element(gradient, [&](auto *type) {
    in_parallel(row_count(input), length, [&](int64_t first, int64_t end) {
      normalize_backward_part(elements(gradient, type), input.data_ptr<float>(), weight.data_ptr<float>(),
                              means.data_ptr<float>(), reciprocals.data_ptr<float>(),
                              added ? added->data_ptr<float>() : nullptr, result.data_ptr<float>(),
                              rounded ? elements(*rounded, static_cast<Half *>(nullptr)) : nullptr, length, first, end);
    });
  });
  return result;
}
