// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Float kernels of compiler/dialect/nn/NNDecoderOps.td.

#pragma once

#include "compiler/execute/Tensor.h"

namespace dalbit::execute {

/// Each of \p groups parts of the last dimension over the root of its mean
/// square plus \p epsilon, times \p gamma.
Tensor rmsNorm(const Tensor &x, const Tensor &gamma, float epsilon,
               int64_t groups);

/// x [B, T, heads * d] rotated by rows ids [B or 1, T] of cos and sin [N, r].
/// Throws dalbit::Error if a position is outside the tables.
Tensor rotary(const Tensor &x, const Tensor &cos, const Tensor &sin,
              const Tensor &ids, int64_t heads, bool interleaved);

/// Positions [B, tokens] of the last keys of mask [B, S].
Tensor maskPositions(const Tensor &mask, int64_t tokens, int64_t fill,
                     int64_t hidden);

} // namespace dalbit::execute
