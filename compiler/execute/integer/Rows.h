// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows of tensors, for the integer executor.

#pragma once

#include "compiler/execute/Tensor.h"

#include <algorithm>

namespace dalbit::execute {

/// Rows of the last dimension.
template <typename T> struct RowsOf {
  explicit RowsOf(Tensor &tensor)
      : cols(tensor.shape().back()), count(cols ? tensor.count() / cols : 0),
        base(tensor.data<T>()) {}
  T *operator[](int64_t row) const { return base + row * cols; }
  int64_t cols, count;
  T *base;
};

/// V8.
inline int64_t absmaxOf(const int32_t *x, int64_t cols) {
  int64_t maximum = 0;
  for (int64_t c = 0; c < cols; ++c)
    maximum = std::max(maximum,
                       std::min<int64_t>(std::abs(int64_t(x[c])), INT32_MAX));
  return maximum;
}

} // namespace dalbit::execute
