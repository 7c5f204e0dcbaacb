// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A row of zeros behind the keys and one behind the values, as
// nn.MultiheadAttention has with add_zero_attn: a key whose score is 0 and that
// has no value, which is a sink.

#pragma once

#include "compiler/raise/SymbolicShapes.h"

#include <optional>

namespace dalbit::raise {

/// What took rows of zeros out, to be taken back where no attention was found:
/// whoever refuses the graph names nodes of the file.
struct ZeroRowsCut {
  onnx::NodeOp scores, softmax, product;
  mlir::Value padded;           ///< in the place of the scores
  mlir::Value logits;           ///< the softmax's input before
  mlir::Value probabilities, v; ///< the product's inputs before

  /// As it was; what was written has no use left.
  void undo();
};

/// Takes the rows of zeros out of both products: of \p scores, from which the
/// input of \p softmax follows, and of the one that reads what the softmax
/// gives. In front of the softmax a column of zeros stands in their place, and
/// behind it that is cut off again. Nothing: nothing has changed.
std::optional<ZeroRowsCut> cutZeroRows(mlir::func::FuncOp function,
                                       onnx::NodeOp scores,
                                       onnx::NodeOp softmax,
                                       SymbolicShapes &shapes);

} // namespace dalbit::raise
