// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass of this folder (Passes.td).

#pragma once

#include "compiler/dialect/qnn/QNNOps.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace dalbit::quantise {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/quantise/Passes.h.inc"
} // namespace dalbit::quantise
