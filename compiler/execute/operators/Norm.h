// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LayerNorm and RMSNorm of rows, which several operators are.

#pragma once

#include "compiler/execute/Tensor.h"

namespace dalbit::execute {

struct NormResult {
  /// Of the input's shape, and one number a row, in the input's shape with the
  /// normalised dimensions 1. All float, or double for double inputs.
  Tensor output, mean, inverse;
};

/// Dimensions from \p axis on are a row: (x - mean) / sqrt(variance + epsilon)
/// * scale + bias, without a mean if \p centre is false. \p scale and \p bias
/// broadcast to a row and may be null. Throws dalbit::Error.
NormResult normaliseRows(const Tensor &x, const Tensor *scale,
                         const Tensor *bias, int64_t axis, float epsilon,
                         bool centre);

} // namespace dalbit::execute
