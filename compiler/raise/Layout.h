// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the elements of a value come from, when all that happened to them is
// that they were moved: Reshape, Transpose, Squeeze, Unsqueeze, Flatten and
// Expand, in any number and order. Two spellings of "split into heads" have the
// same layout.
//
// A layout has one list of atoms for each dimension of the value. An atom runs
// over `size` elements that lie `stride` apart in dimension `dim` of the base;
// dim = -1 repeats (Expand). Atoms of size 1 are left out and neighbours that
// continue each other are one, so equal layouts compare equal.

#pragma once

#include "compiler/raise/SymbolicShapes.h"

namespace dalbit::raise {

struct Atom {
  int64_t dim;
  SymbolicExpr stride;
  SymbolicExpr size;

  bool operator==(const Atom &other) const = default;
};

using Atoms = llvm::SmallVector<Atom, 4>;

struct Layout {
  mlir::Value base;
  llvm::SmallVector<Atoms, 4> axes;
  /// Product of the numbers that the elements were multiplied by on the way.
  double factor = 1;
};

/// Joins neighbours and drops atoms of size 1.
Atoms canonical(llvm::ArrayRef<Atom> atoms);
llvm::SmallVector<Atoms, 4> canonical(llvm::ArrayRef<Atoms> axes);

/// The layout in which every dimension of the base is itself.
llvm::SmallVector<Atoms, 4> identityAxes(const Dims &dims);

/// Takes \p axes through one operator; false if it does not only move elements
/// or its sizes do not fit.
bool applyMove(onnx::NodeOp node, const SymbolicShapes &shapes,
               llvm::SmallVectorImpl<Atoms> &axes);

/// Follows \p value back as far as elements are only moved, and, with
/// \p factors, multiplied by numbers. Nothing if sizes are unknown.
std::optional<Layout> traceLayout(mlir::Value value,
                                  const SymbolicShapes &shapes,
                                  bool factors = false);

} // namespace dalbit::raise
