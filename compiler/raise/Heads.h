// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operands of the two products of attention, by where their elements come
// from: [B, T, heads * d] cut into heads, perhaps after a past.

#pragma once

#include "compiler/raise/Layout.h"

namespace dalbit::raise {

/// q, k or v of an attention.
struct Heads {
  mlir::Value base;    // [B, T, heads * size], the new tokens
  mlir::Value past;    // [B, heads, P, size] or null
  mlir::Value present; // the graph's own past and new tokens, or null
  int64_t heads = 0;
  int64_t size = 0;   // of one head
  int64_t repeat = 1; // query heads that share one (grouped queries)
  /// Heads side by side that are one of the base: repeated before they go into
  /// the cache (Falcon).
  int64_t copies = 1;
  double factor = 1; // number that the elements were multiplied by
};

/// Reads \p operand as [batch and heads..., tokens, size], or, with
/// \p transposed, [batch and heads..., size, tokens].
std::optional<Heads> matchHeads(mlir::Value operand, bool transposed,
                                const SymbolicShapes &shapes);

/// Axes of [batch, heads, tokens, size] cut out of [B, T, heads * size].
llvm::SmallVector<Atoms, 4> headAxes(const Dims &base, int64_t heads,
                                     int64_t size);

} // namespace dalbit::raise
