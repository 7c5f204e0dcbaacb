// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pieces from which exporters write normalisations: means, squares, roots of
// mean squares, and the vectors that scale and shift a normalised row. In the
// spelling that Canonicalise leaves.

#pragma once

#include "compiler/raise/Graph.h"

namespace dalbit::raise {

/// The mean of the result is taken over the last dimension of \p value's
/// operand, dimension kept: that operand, or null.
mlir::Value meanOperand(mlir::Value value);

/// \p value as the length of its operand along the last dimension, dimension
/// kept: that operand, or null.
mlir::Value lengthOperand(mlir::Value value);

/// \p value as numerator / sqrt(mean(numerator^2) + epsilon).
struct Normalised {
  mlir::Value numerator;
  double epsilon = 0;
};
std::optional<Normalised> matchNormalised(mlir::Value value);

/// A normalised value with what is done to it next.
struct ScaledNorm {
  mlir::Value result;          // to be replaced
  mlir::TypedAttr gamma, beta; // [D], null if missing
};
/// One for each product of \p normalised with a constant row; \p normalised
/// itself if something else uses it. \p wantBeta: constant rows that are added
/// next belong to it.
llvm::SmallVector<ScaledNorm> scaledNorms(mlir::Value normalised,
                                          bool wantBeta);

} // namespace dalbit::raise
