// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inputs whose value decides what a model computes, such as use_cache_branch
// of a merged decoder: a program is compiled for one value of them (M2).

#pragma once

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace dalbit::raise {

/// Names of the integer and boolean inputs of one element on whose value the
/// condition of an If, or how often a Loop runs, depends. Sizes of inputs are
/// not values. \p module is as imported.
std::vector<std::string> steeringInputs(mlir::ModuleOp module);

} // namespace dalbit::raise
