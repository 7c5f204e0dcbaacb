// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What happens between q k^T and the softmax, found by trying: the part of the
// graph in between is evaluated for chosen scores, sizes and masks.
//
// Promises: an answer is only given if every evaluated element agrees with it;
// the question is asked at several sizes (probeSizes(), and what the graph's
// own constants suggest) and with several random masks. What nobody can see
// from outside stays unknown (a mask that changes at sizes beyond those tried).

#pragma once

#include "compiler/raise/ScoreBias.h"
#include "compiler/raise/SymbolicShapes.h"

#include <optional>
#include <string>

namespace dalbit::raise {

struct MaskKind {
  double scale = 1;      // of the scores
  bool causal = false;   // query t sees keys up to t + (S - T)
  float hiddenScore = 0; // score in the place of one that causal hides
  /// Keys less than so many before a query are seen, and unless causal as far
  /// behind it; 0: all.
  int64_t window = 0;
  mlir::BlockArgument keyMask; // [B, M], not zero: visible; null if none
  bool inverted = false;       // not zero: hidden
  /// As many keys as the mask has ones are visible, the first ones; or the
  /// mask holds numbers of keys, [B], or from where to where, [2 B].
  bool counted = false;
  float hiddenKey = 0;           // what a hidden key adds
  mlir::BlockArgument scoreMask; // [T, S], added to the scores; null if none
  ScoreBias bias;                // added to the scores of each head
};

/// How \p logits (the input of the softmax) follows from \p scores (q k^T,
/// of \p heads heads, queries T and keys S in the last two dimensions). A bias
/// by distance has the distances of \p context keys where sizes are open. On
/// nothing, \p why says what is not understood.
std::optional<MaskKind> classifyMask(mlir::func::FuncOp function,
                                     mlir::Value scores, mlir::Value logits,
                                     int64_t heads, int64_t context,
                                     const SymbolicShapes &shapes,
                                     std::string &why);

/// The mask [B, M] as numbers to add, at the front of its function: the
/// attentions' own if they have one, else one of the lowest float.
mlir::Value keyMask(mlir::BlockArgument mask, SymbolicShapes &shapes);

} // namespace dalbit::raise
