// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers of a part of the graph, by the float executor: for constants that
// can be computed now, and for questions of the kind "what does this mask do".
// The one place where raising touches compiler/execute.
//
// Errors: whatever the executor cannot do is "no answer", never a failure; the
// graph then simply stays as it is.

#pragma once

#include "compiler/raise/SymbolicShapes.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "llvm/ADT/DenseMap.h"

#include <vector>

namespace dalbit::raise {

/// A tensor given to an evaluation or got from it, row-major.
struct Numbers {
  llvm::SmallVector<int64_t> shape;
  std::vector<double> values;
};

/// A tensor of \p dims at \p sizes whose elements are what \p number gives, in
/// order.
Numbers numbersOf(llvm::ArrayRef<SymbolicExpr> dims, const Sizes &sizes,
                  llvm::function_ref<double()> number);

/// The result as a dense attribute, if all operands of its operation are
/// constants and it has at most \p mostElements elements. Null otherwise.
mlir::TypedAttr foldToConstant(mlir::OpResult result, int64_t mostElements);

/// What \p value depends on once sizes are numbers.
struct Leaves {
  /// Values whose elements are known expressions (sizes); they are given.
  llvm::SmallVector<mlir::Value> sizes;
  /// Arguments of the function that the value really reads.
  llvm::SmallVector<mlir::BlockArgument> arguments;
};

/// Walks back from \p value, not beyond \p cut, constants and sizes.
Leaves leavesOf(mlir::Value value, mlir::Value cut,
                const SymbolicShapes &shapes);

/// Evaluates \p value with the sizes as numbers and \p given for some values;
/// \p given must hold the cut and every argument of leavesOf(). Elements of
/// given values are converted to the values' own types.
std::optional<Numbers>
evaluateAt(mlir::Value value, const Leaves &leaves, const Sizes &sizes,
           const SymbolicShapes &shapes,
           const llvm::DenseMap<mlir::Value, Numbers> &given);

/// Sizes at which questions about a function are asked: several, different in
/// every symbol that is open, and the fixed numbers of the others
/// (`dalbit.sizes`).
llvm::SmallVector<Sizes> probeSizes(mlir::func::FuncOp function);

/// The sizes of \p value as expressions that hold at several sizes that were
/// tried; nothing if it depends on floats behind products of matrices, or its
/// sizes are no such expressions.
std::optional<Dims> probeDims(mlir::func::FuncOp function, mlir::Value value,
                              const SymbolicShapes &shapes);

} // namespace dalbit::raise
