// The one way out of C++: every exported function runs its body through `guarded`.
#pragma once

#include "CTorch.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/variable.h>

#include <exception>
#include <string>

struct CTorchTensor {
  at::Tensor value;
};

namespace ctorch {

extern thread_local std::string last_error;

template <typename Body>
int32_t guarded(Body &&body) noexcept {
  try {
    body();
    return 0;
  } catch (const c10::Error &error) {
    // Without the C++ stack trace, which tells a user nothing.
    last_error = error.what_without_backtrace();
  } catch (const std::exception &error) {
    last_error = error.what();
  } catch (...) {
    last_error = "an exception of unknown type";
  }
  return 1;
}

// Runs a body that returns a tensor and hands that out as a new handle.
template <typename Body>
int32_t making(CTorchTensor **result, Body &&body) noexcept {
  return guarded([&] { *result = new CTorchTensor{body()}; });
}

inline at::IntArrayRef sizes(const int64_t *shape, int32_t dimensions) {
  return at::IntArrayRef(shape, static_cast<size_t>(dimensions));
}

inline at::Device device(int32_t number) {
  return number == CTORCH_CUDA ? at::Device(at::kCUDA) : at::Device(at::kCPU);
}

inline at::ScalarType scalar_type(int32_t number) {
  return number == CTORCH_BFLOAT16 ? at::kBFloat16 : at::kFloat;
}

} // namespace ctorch
