// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "compiler/execute/Tensor.h"

namespace dalbit::execute {

/// 32767 e^-d of a score that lies d = -\p distance / 2^16 below its row's
/// maximum (A6).
int32_t shareOf(int32_t distance);

/// Rule of qnn.softmax on each row.
Tensor softmaxInteger(Tensor x);

} // namespace dalbit::execute
