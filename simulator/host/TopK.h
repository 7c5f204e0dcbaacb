// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results that the host computes: TopK and ArgMax over what the NPU gives.

#pragma once

#include "isa/binary/Program.h"
#include "simulator/host/Border.h"

namespace dalbit::host {

/// \p tensor, which binary::isTopK(), of the rows of its source, \p scores
/// [.., columns]: [.., limit] or, without a dimension for the one, [..]. Throws
/// Error if a row has fewer columns.
HostTensor topKOf(const HostTensor &scores, const binary::Tensor &tensor);

} // namespace dalbit::host
