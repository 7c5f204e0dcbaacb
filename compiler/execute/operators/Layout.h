// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Moving elements, for kernels that are built of such steps. All throw
// dalbit::Error where shapes do not fit.

#pragma once

#include "compiler/execute/Tensor.h"

namespace dalbit::execute {

/// \p parts joined along \p axis (counted from either end).
Tensor concatenate(llvm::ArrayRef<Tensor> parts, int64_t axis);

/// \p parts of one shape joined along a new dimension \p axis of the result.
Tensor stack(llvm::ArrayRef<Tensor> parts, int64_t axis);

/// Dimension i of the result is dimension order[i] of \p tensor.
Tensor permute(const Tensor &tensor, llvm::ArrayRef<int64_t> order);

/// Elements [start, start + count) along \p axis.
Tensor narrow(const Tensor &tensor, int64_t axis, int64_t start, int64_t count);

/// Element \p index along \p axis, without that dimension.
Tensor pick(const Tensor &tensor, int64_t axis, int64_t index);

/// [B, S, H * D] as [B, H, S, D].
Tensor splitHeads(const Tensor &tensor, int64_t heads);

/// [B, H, S, D] as [B, S, H * D].
Tensor mergeHeads(const Tensor &tensor);

} // namespace dalbit::execute
