// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// C++ of the nn dialect (NNOps.td says what each op means).

#pragma once

#include "compiler/dialect/nn/TokenRule.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "compiler/dialect/nn/NNDialect.h.inc"

#define GET_OP_CLASSES
#include "compiler/dialect/nn/NNOps.h.inc"

namespace dalbit::nn {

/// Parts of a row that \p op normalises each by itself; 0: it is no norm.
int64_t groupsOf(mlir::Operation *op);

/// The weights, [width, width], of a linear layer that changes nothing.
mlir::DenseElementsAttr identityMatrix(mlir::MLIRContext *context,
                                       int64_t width);

} // namespace dalbit::nn
