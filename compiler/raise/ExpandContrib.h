// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators of onnxruntime (com.microsoft, and SimplifiedLayerNormalization,
// which it puts into the standard's domain) as operations of the nn dialect and
// the standard's operators, so that later steps meet one spelling more.

#pragma once

#include "compiler/raise/SymbolicShapes.h"

namespace dalbit::raise {

/// Writes \p node in other words before it and replaces its results; the first
/// operation written, or null if the operator is not known, has inputs that are
/// not constant where they must be, or sizes that are not known. The node is
/// erased if it was replaced.
mlir::Operation *expandContrib(onnx::NodeOp node, const SymbolicShapes &shapes);

} // namespace dalbit::raise
