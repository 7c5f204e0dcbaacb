// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A row of zeros behind the keys and one behind the values, as
// nn.MultiheadAttention has with add_zero_attn: a key whose score is 0 and that
// has no value, which is a sink.

#pragma once

#include "compiler/raise/SymbolicShapes.h"

namespace dalbit::raise {

/// Takes the rows of zeros out of both products: of \p scores, from which the
/// input of \p softmax follows, and of the one that reads what the softmax
/// gives. In front of the softmax a column of zeros stands in their place, and
/// behind it that is cut off again. False: nothing has changed.
bool cutZeroRows(mlir::func::FuncOp function, onnx::NodeOp scores,
                 onnx::NodeOp softmax, SymbolicShapes &shapes);

} // namespace dalbit::raise
