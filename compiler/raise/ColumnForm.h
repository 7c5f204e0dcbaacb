// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A value whose columns are sums of columns of one other value, times elements
// of tables that know nothing of the data: what rotary embeddings look like
// before anybody has said how they are spelled (Slice, Split, Gather, Neg,
// Concat, stack and Reshape, in any order and number).

#pragma once

#include "compiler/raise/SymbolicShapes.h"

namespace dalbit::raise {

/// factor * table[.., column] * source[.., from]; no table: the factor alone.
struct ColumnTerm {
  int64_t from = 0;
  double factor = 1;
  mlir::Value table;
  int64_t column = 0; ///< of the table's elements for one token
  int64_t width = 0;  ///< number of these
};

/// Columns are the trailing dimensions, flattened; leading ones are the same in
/// source and value.
struct ColumnForm {
  mlir::Value source;
  llvm::SmallVector<int64_t> trailing;
  std::vector<llvm::SmallVector<ColumnTerm, 2>> columns;
};

/// Reads \p value as such a form with as many leading dimensions as it has
/// dimensions less one. Nothing if it is none, or is no sum of other columns
/// at all.
class ColumnForms {
public:
  explicit ColumnForms(const SymbolicShapes &shapes) : shapes(shapes) {}

  std::optional<ColumnForm> read(mlir::Value value);

  /// True if \p value follows from sizes, constants and integer inputs alone.
  bool isTable(mlir::Value value);

private:
  using Maybe = std::optional<ColumnForm>;
  Maybe visit(mlir::Value value, int depth);
  Maybe node(onnx::NodeOp node, mlir::Value result, int depth);
  Maybe leaf(mlir::Value value);
  Maybe product(mlir::Value value, mlir::Value table, const Dims &result,
                int depth);
  Maybe sum(onnx::NodeOp node, double sign, int depth);
  Maybe reshaped(mlir::Value operand, const Dims &result, int depth);
  Maybe taken(mlir::Value operand, int64_t axis,
              llvm::ArrayRef<int64_t> indices, bool drop, int depth);
  Maybe concat(onnx::NodeOp node, int depth);

  const SymbolicShapes &shapes;
  size_t leading = 0;
  llvm::DenseMap<mlir::Value, bool> tables;
};

} // namespace dalbit::raise
