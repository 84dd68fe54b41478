/// What the two halves of this shim, encoding and training, share.
#ifndef TENBIN_CSENTENCEPIECE_GUARDED_H
#define TENBIN_CSENTENCEPIECE_GUARDED_H

#include <sentencepiece_processor.h>

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>

namespace csentencepiece {

inline thread_local std::string last_error;

// The one way out of C++: every exported function that can fail runs its body through this.
template <typename Body>
int32_t guarded(Body &&body) noexcept {
  try {
    body();
    return 0;
  } catch (const std::exception &error) {
    last_error = error.what();
  } catch (...) {
    last_error = "an exception of unknown type";
  }
  return 1;
}

inline void check(const sentencepiece::util::Status &status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

} // namespace csentencepiece

#endif
