// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations of compiler/dialect/qnn/QNNExpertOps.td.

#pragma once

#include "compiler/execute/Tensor.h"

namespace dalbit::execute {

Tensor routeInteger(Tensor logits, int64_t chosen, bool normalised);
Tensor weighInteger(Tensor x, Tensor gates, int64_t expert);

} // namespace dalbit::execute
