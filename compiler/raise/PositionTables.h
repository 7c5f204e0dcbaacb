// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values of the graph that depend on the position of a token alone (cosines and
// sines of rotary embeddings), as tables with one row a position. Found by
// evaluating: what is said has been tried at several sizes, positions and
// masks.

#pragma once

#include "compiler/raise/Evaluate.h"

#include <random>

namespace dalbit::raise {

/// Where the position of a token comes from.
struct PositionSource {
  /// Fixed: the number of tokens is that of the rows.
  enum Kind { Sequential, Input, Mask, Fixed } kind = Sequential;
  mlir::BlockArgument argument; ///< ids [B or 1, T], or the mask [B, S]
  int64_t fill = 0;             ///< Mask: position of a hidden token

  bool operator==(const PositionSource &) const = default;
};

/// rows[p] holds the value's elements for a token at position p.
struct PositionTable {
  PositionSource source;
  std::vector<std::vector<double>> rows;
};

class PositionTables {
public:
  /// \p context: rows of tables whose size the graph leaves open.
  PositionTables(mlir::func::FuncOp function, const SymbolicShapes &shapes,
                 int64_t context)
      : function(function), shapes(shapes), context(context) {}

  /// \p value, whose last \p columns elements belong to one token, as a table;
  /// null if it is none. Kept: asking again costs nothing.
  const PositionTable *of(mlir::Value value, int64_t columns);

private:
  std::optional<PositionTable> make(mlir::Value value);
  bool fill(mlir::Value value, const Leaves &leaves, int64_t rows,
            PositionTable &table);
  bool check(mlir::Value value, const Leaves &leaves, PositionTable &table);
  std::optional<PositionTable> fixedRows(mlir::Value value,
                                         const Leaves &leaves);
  std::optional<std::vector<std::vector<double>>>
  rowsAt(mlir::Value value, const Leaves &leaves, const Sizes &sizes,
         const PositionSource &source, const std::vector<double> &given);
  llvm::SmallVector<int64_t> rowCounts(mlir::Value value);

  mlir::func::FuncOp function;
  const SymbolicShapes &shapes;
  int64_t context;
  size_t width = 0; ///< columns of the table that is being made
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, std::optional<PositionTable>>
      made;
};

} // namespace dalbit::raise
