// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Float kernels of NNTokenOps.td. Errors are dalbit::Error (shapes that do not
// fit).

#pragma once

#include "compiler/execute/Tensor.h"

#include "compiler/dialect/nn/TokenRule.h"

#include "mlir/IR/BuiltinTypes.h"

#include "llvm/ADT/ArrayRef.h"

#include <vector>

namespace dalbit::execute {

/// \p x cut into \p view, its dimensions in \p order, joined to \p shape (open
/// sizes from x).
Tensor rearrange(const Tensor &x, llvm::ArrayRef<int64_t> view,
                 llvm::ArrayRef<int64_t> order, llvm::ArrayRef<int64_t> shape);

/// Rows [first, first + count) of each sequence, or without \p keep one of them
/// as [B, D]; a negative \p first counts from the end.
template <typename T>
Tensor sliceTokens(const Tensor &x, int64_t first, int64_t count, bool keep);

/// One row of each sequence, [B, D], by \p rule from ids or numbers of a mask
/// (0: shown), [B, U].
template <typename T>
Tensor pickToken(const Tensor &x, const Tensor &from,
                 const nn::TokenRule &rule);

/// For each of \p keys keys of \p batch sequences whether it is visible:
/// the first ones, as many as \p mask [B, M] has ones, or as its numbers [B]
/// say; [2 B]: from the second number on.
std::vector<bool> countedKeys(const Tensor &mask, int64_t batch, int64_t keys);

/// Each column's largest number of a sequence, [B, D]; the numbers of \p mask
/// [B, U], null for none, are added to a token before, saturating.
template <typename T> Tensor tokenMax(const Tensor &x, const Tensor *mask);

/// nn.top_k: the \p k largest, or smallest, of each row of \p x and their
/// columns, both with the rank, these with the element type of \p indices.
std::pair<Tensor, Tensor> topK(const Tensor &x, int64_t k, bool smallest,
                               mlir::RankedTensorType indices);

/// Along the tokens; a part with one sequence is repeated for all \p batch.
template <typename T>
Tensor concatTokens(llvm::ArrayRef<const Tensor *> parts, int64_t batch);

/// The tensor at index \p at of the leading dimensions of \p past.
Tensor cachePart(const Tensor &past, llvm::ArrayRef<int64_t> at);

/// The reverse: \p parts in their order as \p shape, whose open sizes are the
/// parts'.
Tensor stackCaches(llvm::ArrayRef<const Tensor *> parts,
                   llvm::ArrayRef<int64_t> shape);

/// nn.windows with \p rows rows in the result.
template <typename T>
Tensor tokenWindows(const Tensor &x, int64_t size, int64_t stride,
                    int64_t before, int64_t rows);

} // namespace dalbit::execute
