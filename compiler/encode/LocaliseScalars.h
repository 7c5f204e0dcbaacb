// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scalars that are computed again where they are needed, so that fewer of them
// wait in registers.

#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dalbit::encode {

/// Gives each use of a computed scalar that stands more than \p distance
/// operations behind the use before it a computation of its own. (Equal ones
/// were merged, over all layers.) What loads and loops give stays.
void localiseScalars(mlir::func::FuncOp function, int64_t distance);

} // namespace dalbit::encode
