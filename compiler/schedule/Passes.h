// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes of this folder (Passes.td).

#pragma once

#include "compiler/dialect/npu/NPUOps.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace dalbit::schedule {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/schedule/Passes.h.inc"
} // namespace dalbit::schedule
