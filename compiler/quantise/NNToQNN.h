// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// [nn] to [qnn]: every tensor gets its integer form, nothing static is assumed
// of activations (A10).

#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LogicalResult.h"

#include <string>
#include <vector>

namespace dalbit::quantise {

struct Options {
  /// "w8" or "w4": the form of every linear layer's weights.
  std::string weights = "w8";
  /// Source nodes whose linear layers take rows of 16 bits (A2). One that has
  /// none is an error.
  std::vector<std::string> int16;
};

/// Rewrites the module's functions in place. Fails with an error at the first
/// operation that the integer dialect lacks, naming it and its place in the
/// source model.
mlir::LogicalResult convertToQNN(mlir::ModuleOp module, const Options &options);

} // namespace dalbit::quantise
