// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operations of compiler/dialect/qnn/QNNDecoderOps.td on whole tensors.

#pragma once

#include "compiler/dialect/qnn/QNNOps.h"
#include "compiler/execute/Tensor.h"

namespace dalbit::execute {

Tensor rmsNormInteger(Tensor x, qnn::RMSNormOp op);
/// \p ids is [B, T] or [1, T] of i64. Throws dalbit::Error for positions past
/// the tables.
Tensor rotaryInteger(Tensor x, Tensor ids, qnn::RotaryOp op);
/// out and scales; \p fraction are the fraction bits of b.
std::pair<Tensor, Tensor> productInteger(Tensor a, Tensor b, int fraction);
Tensor applyScales(Tensor x, Tensor scales);

} // namespace dalbit::execute
