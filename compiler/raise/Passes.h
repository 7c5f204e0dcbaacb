// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes of raising (Passes.td) and their registration.

#pragma once

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>
#include <string>

namespace dalbit::raise {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION // registerRaisePasses()
#include "compiler/raise/Passes.h.inc"

} // namespace dalbit::raise
