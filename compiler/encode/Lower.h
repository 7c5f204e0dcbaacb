// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// [npu] to instructions: scalar arithmetic into registers, jobs into set and
// go, loops into hardware loops. A field that already holds its value is not
// set again.

#pragma once

#include "isa/Isa.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <vector>

namespace dalbit::encode {

struct LoweredInstruction {
  isa::Instruction instruction;
  int32_t tag = 0; ///< layer tag and phase of the job it belongs to
};

/// Appends the function's instructions, a halt last. Arguments arrive in r1,
/// r2, ... Fails with an error if the scalar registers do not suffice.
mlir::LogicalResult lower(mlir::func::FuncOp function,
                          std::vector<LoweredInstruction> &code);

} // namespace dalbit::encode
