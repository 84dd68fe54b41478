#include "boundary.h"

#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/version.h>

#include <cstring>

using namespace ctorch;

thread_local std::string ctorch::last_error;

const char *ctorch_last_error(void) { return last_error.c_str(); }

const char *ctorch_version(void) { return TORCH_VERSION; }

int32_t ctorch_set_threads(int32_t threads) {
  return guarded([&] { at::set_num_threads(threads); });
}

int32_t ctorch_threads(void) { return at::get_num_threads(); }

bool ctorch_cuda_is_available(void) {
  bool available = false;
  guarded([&] { available = torch::cuda::is_available(); });
  return available;
}

bool ctorch_set_gradients_enabled(bool enabled) {
  const bool before = at::GradMode::is_enabled();
  at::GradMode::set_enabled(enabled);
  return before;
}

int32_t ctorch_tensor_copy(const float *values, const int64_t *shape, int32_t dimensions, int32_t number,
                           CTorchTensor **result) {
  return making(result, [&] {
    auto tensor = at::empty(sizes(shape, dimensions), at::kFloat);
    std::memcpy(tensor.data_ptr<float>(), values, tensor.nbytes());
    return tensor.to(device(number));
  });
}

int32_t ctorch_tensor_copy_integers(const int64_t *values, const int64_t *shape, int32_t dimensions, int32_t number,
                                    CTorchTensor **result) {
  return making(result, [&] {
    auto tensor = at::empty(sizes(shape, dimensions), at::kLong);
    std::memcpy(tensor.data_ptr<int64_t>(), values, tensor.nbytes());
    return tensor.to(device(number));
  });
}

int32_t ctorch_tensor_borrow(const void *values, int32_t type, const int64_t *shape, int32_t dimensions, void *context,
                             void (*release)(void *context), CTorchTensor **result) {
  return making(result, [&] {
    // Nothing in this library writes to a tensor that it did not make, so the constness is kept.
    return at::from_blob(const_cast<void *>(values), sizes(shape, dimensions),
                         [context, release](void *) { release(context); }, scalar_type(type));
  });
}

int32_t ctorch_tensor_to_type(const CTorchTensor *tensor, int32_t type, CTorchTensor **result) {
  return making(result, [&] { return tensor->value.to(scalar_type(type)); });
}

int32_t ctorch_tensor_zeros(const int64_t *shape, int32_t dimensions, int32_t number, CTorchTensor **result) {
  return making(result, [&] {
    return at::zeros(sizes(shape, dimensions), at::TensorOptions().dtype(at::kFloat).device(device(number)));
  });
}

void ctorch_tensor_free(CTorchTensor *tensor) { delete tensor; }

int32_t ctorch_tensor_dimensions(const CTorchTensor *tensor) { return static_cast<int32_t>(tensor->value.dim()); }

int64_t ctorch_tensor_size(const CTorchTensor *tensor, int32_t dimension) {
  const auto shape = tensor->value.sizes();
  return dimension >= 0 && static_cast<size_t>(dimension) < shape.size() ? shape[dimension] : 0;
}

int32_t ctorch_tensor_read(const CTorchTensor *tensor, float *values, int64_t count) {
  return guarded([&] {
    const auto source = tensor->value.detach().to(at::kCPU, at::kFloat).contiguous();
    TORCH_CHECK(source.numel() == count, "expected room for ", source.numel(), " elements, found ", count);
    std::memcpy(values, source.data_ptr<float>(), source.nbytes());
  });
}

int32_t ctorch_tensor_write(CTorchTensor *tensor, const float *values, int64_t count) {
  return guarded([&] {
    auto &target = tensor->value;
    TORCH_CHECK(target.numel() == count && target.is_contiguous() && target.scalar_type() == at::kFloat,
                "expected ", target.numel(), " 32-bit floats, found ", count);
    if (target.is_cpu()) {
      std::memcpy(target.data_ptr<float>(), values, target.nbytes());
    } else {
      at::NoGradGuard frozen;
      target.copy_(at::from_blob(const_cast<float *>(values), target.sizes(), at::kFloat));
    }
  });
}

int32_t ctorch_tensor_to_device(const CTorchTensor *tensor, int32_t number, CTorchTensor **result) {
  return making(result, [&] { return tensor->value.to(device(number)); });
}

int32_t ctorch_parameter(const CTorchTensor *buffer, int64_t offset, const int64_t *shape, int32_t dimensions,
                         CTorchTensor **result) {
  return making(result, [&] {
    const auto extent = sizes(shape, dimensions);
    const auto length = c10::multiply_integers(extent);
    const auto all = buffer->value.detach();
    if (all.dim() == 2) {
      std::vector<int64_t> packed{all.size(0)};
      packed.insert(packed.end(), extent.begin(), extent.end());
      return all.narrow(1, offset, length).view(packed).detach().requires_grad_(true);
    }
    return all.narrow(0, offset, length).view(extent).detach().requires_grad_(true);
  });
}

int32_t ctorch_gradients(const CTorchTensor *loss, CTorchTensor *const *parameters, int32_t count, int64_t models,
                         float *gradient, int64_t length) {
  return guarded([&] {
    torch::autograd::variable_list inputs;
    inputs.reserve(count);
    for (int32_t index = 0; index < count; ++index) inputs.push_back(parameters[index]->value);
    const auto gradients = torch::autograd::grad({loss->value}, inputs);
    const int64_t own = length / models; // elements of one model
    int64_t offset = 0;
    for (const auto &each : gradients) {
      const auto source = each.to(at::kCPU).contiguous();
      const int64_t part = source.numel() / models;
      TORCH_CHECK(part * models == source.numel() && offset + part <= own, "the gradient buffer of ", length,
                  " elements is too short");
      for (int64_t model = 0; model < models; ++model) {
        std::memcpy(gradient + model * own + offset, source.data_ptr<float>() + model * part, part * sizeof(float));
      }
      offset += part;
    }
    TORCH_CHECK(offset * models == length, "expected a gradient buffer of ", offset * models, " elements, found ",
                length);
  });
}

int32_t ctorch_reshape(const CTorchTensor *input, const int64_t *shape, int32_t dimensions, CTorchTensor **result) {
  return making(result, [&] { return input->value.reshape(sizes(shape, dimensions)); });
}

int32_t ctorch_permute(const CTorchTensor *input, const int64_t *order, int32_t dimensions, CTorchTensor **result) {
  return making(result, [&] { return input->value.permute(sizes(order, dimensions)); });
}

int32_t ctorch_expand(const CTorchTensor *input, const int64_t *shape, int32_t dimensions, CTorchTensor **result) {
  return making(result, [&] { return input->value.expand(sizes(shape, dimensions)); });
}

int32_t ctorch_narrow(const CTorchTensor *input, int32_t dimension, int64_t start, int64_t length,
                      CTorchTensor **result) {
  return making(result, [&] { return input->value.narrow(dimension, start, length); });
}

int32_t ctorch_select_rows(const CTorchTensor *input, const CTorchTensor *indices, CTorchTensor **result) {
  return making(result, [&] {
    return input->value.reshape({-1, input->value.size(-1)}).index_select(0, indices->value);
  });
}

int32_t ctorch_concatenate(CTorchTensor *const *inputs, int32_t count, int32_t dimension, CTorchTensor **result) {
  return making(result, [&] {
    std::vector<at::Tensor> tensors;
    tensors.reserve(count);
    for (int32_t index = 0; index < count; ++index) tensors.push_back(inputs[index]->value);
    return at::cat(tensors, dimension);
  });
}
