// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between which numbers the elements of a value lie whatever the data: what the
// operators around them say.

#pragma once

#include "mlir/IR/Value.h"

#include <limits>

namespace dalbit::raise {

struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

/// Bounds of \p value; infinite ones if nothing is known.
Bounds boundsOf(mlir::Value value);

} // namespace dalbit::raise
