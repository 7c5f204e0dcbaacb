// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the graph as exported ([onnx]) to what a transformer is made of ([nn]):
// the entry for tools.

#pragma once

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace dalbit::raise {

struct RaiseOptions {
  /// NAME=DIMS and NAME=VALUE as --shape and --set of the command take them.
  std::vector<std::string> shapes;
  std::vector<std::string> values;
  /// Positions for which angles and biases of scores that the graph computes
  /// are tabulated.
  int64_t context = 2048;
  /// NAME=DIMS of inputs that are given: they decide where the file calls
  /// different sizes the same (M2).
  std::vector<std::string> actual;
  /// Emit the remark that says what was raised and what stayed.
  bool report = true;
};

/// Raises @main of \p module in place. What is not recognised stays as
/// onnx.node and computes the same. Fails, with a diagnostic, only if an open
/// dimension of an input cannot be explained or an option does not fit.
///
/// Leaves on the function: `dalbit.sizes` (dictionary of the symbols B, T, P
/// that are numbers), `dalbit.aliases` (array of [argument, result]), and on
/// every argument and result `dalbit.dims`.
mlir::LogicalResult raiseToNN(mlir::ModuleOp module,
                              const RaiseOptions &options = {});

} // namespace dalbit::raise
