// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention and rotary embeddings that are one operator (the standard's of
// opset 23, onnxruntime's MultiHeadAttention, Attention and RotaryEmbedding) in
// the words that exporters write them with, so that one way of recognising
// them is enough.

#pragma once

#include "compiler/raise/SymbolicShapes.h"

namespace dalbit::raise {

/// Replaces all results of \p node that have uses by values of new operators
/// in front of it. False if nothing was replaced: another operator, or a form
/// of it without such words; operators that were begun then have no use.
bool expandAttention(onnx::NodeOp node, const SymbolicShapes &shapes);

} // namespace dalbit::raise
