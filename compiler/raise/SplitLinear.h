// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A product that is computed whole and then cut along its last dimension (fused
// query, key and value) as one product a piece, each on a slice of the weight.

#pragma once

#include "compiler/raise/SymbolicShapes.h"
#include "mlir/IR/Builders.h"

namespace dalbit::raise {

/// An onnx Reshape of \p value to \p dims (a matrix, its last size a number).
mlir::Value flatten(mlir::OpBuilder &builder, mlir::Value value, Dims dims,
                    SymbolicShapes &shapes);

/// Splits every nn.linear whose result is only ever used in pieces: by Split,
/// Slice or Gather, directly or after its last dimension was reshaped to
/// [pieces, ...] and moved. Others stay whole.
void splitLinears(mlir::func::FuncOp function);

} // namespace dalbit::raise
