// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Positions that a graph counts itself: from an attention mask, or from the ids
// that are no padding (RoBERTa). Found by evaluating.

#pragma once

#include "compiler/raise/SymbolicShapes.h"

namespace dalbit::raise {

/// ids[b, t] is `offset` + the keys before key P + t that are not `hidden`, or
/// `fill` if that key is hidden itself.
struct CountedPositions {
  mlir::BlockArgument argument; ///< integers [B, T or P+T]
  int64_t hidden = 0, fill = 0, offset = 0;
};

std::optional<CountedPositions> countedPositions(mlir::func::FuncOp function,
                                                 mlir::Value ids,
                                                 const SymbolicShapes &shapes);

} // namespace dalbit::raise
