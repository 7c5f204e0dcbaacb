// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Families of the operator table that models of images and sound add.

#pragma once

#include "compiler/execute/operators/Operator.h"

namespace dalbit::execute {

Rows poolOperators();
Rows channelNormOperators();
Rows signalOperators();
Rows resizeOperators();
Rows imageOperators();

} // namespace dalbit::execute
