// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A softmax over scores with sinks or without: one more score a row, the same
// in all rows of a head, that takes part in the maximum and the sum and has no
// probability that anybody reads. Spellings: a column beside the scores that is
// cut off again behind the Softmax (gpt-oss), and quotients of exponentials and
// their sum plus something. What they do is found by evaluating them.

#pragma once

#include "compiler/raise/SymbolicShapes.h"

#include <string>

namespace dalbit::raise {

struct SoftmaxForm {
  mlir::Value logits;        // [..., T, S]
  mlir::Value probabilities; // the same sizes
  mlir::Value whole;         // logits beside the sinks' column, or null
  bool isWritten = false;    // exponentials and sums in nodes of their own
};

/// The softmax whose last or only step is \p node, a Softmax or a Div; without
/// logits if it is none.
SoftmaxForm softmaxForm(onnx::NodeOp node, const SymbolicShapes &shapes);

/// The sinks of \p form by head, none if it has none. On nothing, \p why says
/// what is not understood.
std::optional<llvm::SmallVector<float>>
sinksOf(mlir::func::FuncOp function, const SoftmaxForm &form, int64_t heads,
        const SymbolicShapes &shapes, std::string &why);

} // namespace dalbit::raise
