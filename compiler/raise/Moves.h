// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writing moves: a value whose elements stand in another order, by as few
// operators as it takes (the reverse of Layout.h).

#pragma once

#include "compiler/raise/Layout.h"
#include "mlir/IR/Builders.h"

namespace dalbit::raise {

/// An onnx.node of the standard with one result of the known sizes \p dims and
/// the element type of its first input.
mlir::Value makeNode(mlir::OpBuilder &builder, mlir::Location loc,
                     llvm::StringRef type, mlir::ValueRange inputs, Dims dims,
                     llvm::ArrayRef<mlir::NamedAttribute> attributes,
                     SymbolicShapes &shapes);

/// A Reshape of \p value to \p dims. Null if more than one size is open and
/// cannot be copied from where it stands.
mlir::Value makeReshape(mlir::OpBuilder &builder, mlir::Value value,
                        const Dims &dims, SymbolicShapes &shapes);

mlir::Value makeTranspose(mlir::OpBuilder &builder, mlir::Value value,
                          llvm::ArrayRef<int64_t> order,
                          SymbolicShapes &shapes);

/// \p base with the layout \p axes, sizes \p dims. Null if it repeats elements
/// or a Reshape would need two open sizes.
mlir::Value makeMoved(mlir::OpBuilder &builder, mlir::Value base,
                      llvm::ArrayRef<Atoms> axes, const Dims &dims,
                      SymbolicShapes &shapes);

/// Columns of \p rows in other places, by a linear layer of ones (16-bit rows,
/// nn::MovesColumns): column n of \p width is column \p source(n), or 0 where
/// that is negative.
mlir::Value makeColumns(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value rows, int64_t width,
                        llvm::function_ref<int64_t(int64_t)> source,
                        SymbolicShapes &shapes);

/// Puts \p row [B, D] in the place of \p node's result, which may have a
/// dimension of 1 more; moves behind it that take that away again go.
void replaceByRow(onnx::NodeOp node, mlir::Value row, SymbolicShapes &shapes);

} // namespace dalbit::raise
