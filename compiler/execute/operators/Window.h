// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the windows of a convolution or pooling lie: the standard's kernel
// shape, strides, dilations, pads, auto_pad and ceil_mode as numbers.

#pragma once

#include "compiler/execute/operators/Operator.h"

namespace dalbit::execute {

struct Window {
  /// One entry a spatial dimension. before and behind: the padding around
  /// the input, beyond which ceil_mode may let the last window reach.
  Shape kernel, strides, dilations, before, behind, output;

  /// \p size: of the input's spatial dimensions. Throws dalbit::Error.
  static Window of(Call &call, llvm::ArrayRef<int64_t> size,
                   llvm::ArrayRef<int64_t> kernel);

  int64_t rank() const { return int64_t(kernel.size()); }
};

/// Counts through \p shape in row-major order; false at the end.
inline bool advance(Shape &index, llvm::ArrayRef<int64_t> shape) {
  for (size_t d = shape.size(); d-- > 0;) {
    if (++index[d] < shape[d])
      return true;
    index[d] = 0;
  }
  return false;
}

} // namespace dalbit::execute
