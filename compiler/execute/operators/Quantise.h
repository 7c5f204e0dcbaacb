// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between floats and integers with a scale, exactly as the standard says:
// halves to even, saturated. What the operators of quantised graphs are built
// of. Scales and zero points broadcast to the tensor they belong to.

#pragma once

#include "compiler/execute/Tensor.h"

namespace dalbit::execute {

/// saturate(round(x / scale) + zero) as \p type, which is an integer type. The
/// quotient is rounded to the scale's type first. \p zero may be null.
Tensor quantise(const Tensor &x, const Tensor &scale, const Tensor *zero,
                ElementType type);

/// (x - zero) * scale as \p type, a float type; computed in float.
Tensor dequantise(const Tensor &x, const Tensor &scale, const Tensor *zero,
                  ElementType type);

/// x - zero of integers as doubles, in which sums of products are exact.
Tensor centred(const Tensor &x, const Tensor *zero);

/// \p parameter, a scale or zero point of one element, one per index of
/// \p axis, or one per block of \p block of them, in a shape that broadcasts
/// to \p shape.
Tensor alongAxis(const Tensor &parameter, llvm::ArrayRef<int64_t> shape,
                 int64_t axis, int64_t block);

/// What DynamicQuantizeLinear gives: codes as uint8, scale and zero point.
struct DynamicCodes {
  Tensor codes, scale, zero;
};
DynamicCodes quantiseDynamically(const Tensor &x);

} // namespace dalbit::execute
