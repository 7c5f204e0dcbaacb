// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Float kernels of compiler/dialect/nn/NNExpertOps.td.

#pragma once

#include "compiler/execute/Tensor.h"

namespace dalbit::execute {

/// The softmax of each row, all but the \p chosen largest 0; \p normalised:
/// over the sum of what is left.
Tensor route(const Tensor &logits, int64_t chosen, bool normalised);

/// Rows of \p x times column \p expert of \p gates.
Tensor weigh(const Tensor &x, const Tensor &gates, int64_t expert);

} // namespace dalbit::execute
