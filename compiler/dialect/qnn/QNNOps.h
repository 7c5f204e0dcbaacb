// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The qnn dialect in C++. Start at QNNOps.td.

#pragma once

#include "compiler/dialect/nn/TokenRule.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "compiler/dialect/qnn/QNNDialect.h.inc"

#define GET_OP_CLASSES
#include "compiler/dialect/qnn/QNNOps.h.inc"

namespace dalbit::qnn {

/// Parts of a row that \p op normalises each by itself; 0: it is no norm.
int64_t groupsOf(mlir::Operation *op);

} // namespace dalbit::qnn
