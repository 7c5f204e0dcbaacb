// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A function cut into stages. Rows of one stage go through it block by block;
// what needs all rows of a value (attention over complete keys, windows, tokens
// cut out or put together) stands in a later stage than what makes them. A
// decoder whose attention grows with its cache is one stage.
//
// Tokens that were only moved (qnn.slice, qnn.concat, qnn.windows), inputs and
// tables are no operations of a stage: they are places in memory from which a
// block loads its rows.

#pragma once

#include "compiler/dialect/qnn/QNNOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

namespace dalbit::schedule {

/// Rows of a stage that are as many as there are new tokens, T.
constexpr int64_t TokenRows = 0;

struct Stage {
  int64_t rows = TokenRows; ///< a number that the model fixes, or TokenRows
  llvm::SmallVector<mlir::Operation *> ops;
  /// Values from memory that operations of the stage take row by row.
  llvm::SetVector<mlir::Value> loads;
  /// Values of the stage that go to memory.
  llvm::SetVector<mlir::Value> stores;

  bool contains(mlir::Operation *op) const {
    return llvm::is_contained(ops, op);
  }
};

/// The number of new tokens where the file fixes it but the program takes any
/// number, because steps of one token can follow; else dynamic.
int64_t fixedTokensOf(mlir::func::FuncOp function);

/// Rows of a value of [B, U, D] or [B, D]: U, 1, or TokenRows.
int64_t rowsOf(mlir::func::FuncOp function, mlir::Value value);

/// True for values that are places in memory, not results of a stage.
bool isPlace(mlir::Value value);

/// Whether a step with one new token can be computed from what an earlier start
/// has left in memory: every attention among the tokens has a cache, and no
/// token is taken from a place. Tokens are ids or have a cache.
bool isDecodable(mlir::func::FuncOp function);

/// The stages in order. With \p decode, stages of fixed rows are left out: an
/// earlier start has run them. Fails with an error where quantised rows would
/// have to cross from stage to stage.
mlir::FailureOr<llvm::SmallVector<Stage>> stagesOf(mlir::func::FuncOp function,
                                                   bool decode);

} // namespace dalbit::schedule
