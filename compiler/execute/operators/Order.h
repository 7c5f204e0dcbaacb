// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arithmetic of TopK, for the standard's operator and for nn.top_k.

#pragma once

#include "compiler/execute/Tensor.h"

#include <utility>

namespace dalbit::execute {

/// The \p k largest, or smallest, numbers of each row of \p x, [.., k] in x's
/// type, and their columns as int64; of equal ones the lower column comes
/// first. NaN counts as the largest number. k is at most the row's length.
std::pair<Tensor, Tensor> topKOfRows(const Tensor &x, int64_t k, bool largest);

} // namespace dalbit::execute
