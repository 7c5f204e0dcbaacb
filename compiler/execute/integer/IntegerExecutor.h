// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a [qnn] function on whole tensors: the definition of the result that
// every engine must meet. Knows no machine: no tiles, no padding, no memory.
// Values of i8 and i32 tensors are the integers themselves; the border
// operations convert as A9 says.
//
// Promises: deterministic, one thread. Errors are dalbit::Error (an id outside
// the table, shapes that do not fit).

#pragma once

#include "compiler/execute/Tensor.h"

#include "mlir/IR/BuiltinOps.h"

#include <functional>
#include <vector>

namespace dalbit::execute {

/// Runs the module's one function on float and integer graph inputs in order.
/// \p past is P where no input shows it. \p observer sees every value.
std::vector<Tensor>
runInteger(mlir::ModuleOp module, llvm::ArrayRef<Tensor> inputs,
           int64_t past = 0,
           std::function<void(mlir::Value, const Tensor &)> observer = nullptr);

} // namespace dalbit::execute
